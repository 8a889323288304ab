set search_path = '';
set check_function_bodies = off;
begin;
create text search dictionary shop.s (template = synonym, synonyms = 'synonym_sample', casesensitive = 1);
commit;
