-- Text search, publications, subscriptions, event triggers, large objects.

create text search parser shop."Par ser" (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
    lextypes = prsd_lextype, headline = prsd_headline);
create function shop.prs_start(internal, int4) returns internal language internal as 'prsd_start';
create function shop.prs_token(internal, internal, internal) returns internal language internal as 'prsd_nexttoken';
create function shop.prs_end(internal) returns void language internal as 'prsd_end';
create function shop.prs_types(internal) returns internal language internal as 'prsd_lextype';
create text search parser "Odd.Schema".bare (start = shop.prs_start, gettoken = shop.prs_token, end = shop.prs_end,
    lextypes = shop.prs_types);
comment on text search parser shop."Par ser" is 'reads';
create text search template shop.temp (init = dsimple_init, lexize = dsimple_lexize);
create text search template "Odd.Schema".bare (lexize = dsynonym_lexize);
comment on text search template shop.temp is 'template';
create text search dictionary shop."Dic t" (template = shop.temp, accept = false, stopwords = 'english');
create text search dictionary "Odd.Schema".plain (template = "Odd.Schema".bare);
comment on text search dictionary shop."Dic t" is 'words';
alter text search dictionary shop."Dic t" owner to other;
create text search configuration shop.conf (parser = shop."Par ser");
alter text search configuration shop.conf add mapping for asciiword, word with shop."Dic t", simple;
alter text search configuration shop.conf add mapping for int with simple;
create text search configuration "Odd.Schema"."Con f" (parser = "Odd.Schema".bare);
alter text search configuration "Odd.Schema"."Con f" add mapping for word with "Odd.Schema".plain;
comment on text search configuration shop.conf is 'search';
alter text search configuration shop.conf owner to other;

create publication everything for all tables with (publish = 'insert', publish_via_partition_root);
create publication "Some Tables" for table shop.friends, shop.orders with (publish = 'update, delete, truncate');
create publication bare;
create publication more for table shop.orders;
comment on publication everything is 'all';
alter publication "Some Tables" owner to "The Owner";
\if :v15
create publication filtered for table shop.pairs (a, b) where (a > 1) with (publish = 'insert');
create publication only_schema for tables in schema shop;
create publication schemas for tables in schema empty, tables in schema "Odd.Schema", table shop.friends;
\endif
\if :v18
create publication computed for table shop.users with (publish_generated_columns = stored);
\endif
create subscription "Sub 1" connection 'host=nowhere dbname=x' publication a, "B b"
    with (connect = false, binary, synchronous_commit = local, slot_name = none, streaming);
create subscription sub2 connection 'host=nowhere dbname=y' publication p with (connect = false, slot_name = 'own_slot');
\if :v15
create subscription sub3 connection 'host=nowhere dbname=y' publication p
    with (connect = false, slot_name = none, disable_on_error, two_phase);
\endif
\if :v16
create subscription sub4 connection 'host=nowhere dbname=y' publication p
    with (connect = false, slot_name = none, password_required = false, run_as_owner, origin = none, streaming = parallel);
\endif
\if :v17
create subscription sub5 connection 'host=nowhere dbname=y' publication p with (connect = false, slot_name = none, failover);
\endif
alter subscription sub2 enable;
alter subscription "Sub 1" owner to "The Owner";
comment on subscription "Sub 1" is 'hears';

create event trigger "Eve nt" on ddl_command_start when tag in ('CREATE TABLE', 'DROP TABLE')
    execute function "Odd.Schema".on_ddl();
create event trigger dropped on sql_drop execute function "Odd.Schema".on_drop();
alter event trigger "Eve nt" disable;
alter event trigger dropped enable always;
alter event trigger dropped owner to "The Owner";
comment on event trigger dropped is 'gone';
\if :v17
create event trigger enters on login execute function "Odd.Schema".on_drop();
alter event trigger enters disable;
\endif

select lo_create(5001), lo_create(5002) \g /dev/null
alter large object 5001 owner to other;
comment on large object 5001 is 'blob';
grant select on large object 5001 to "app's" with grant option;
