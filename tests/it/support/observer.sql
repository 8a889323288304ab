-- Rows of the system catalogs about what users made, with every oid and attribute number replaced by a name: an observer
-- that shares nothing with dbstate. `pg_temp.observe(catalog, columns)` returns a row each as jsonb.
--
-- What a column refers to is told by pg_get_catalog_foreign_keys(). Columns that hold trees, positions or secrets are
-- shown by expressions of their own.

set search_path = '';
set client_min_messages = error;

create function pg_temp.named(catalog oid, id oid) returns text language sql as $$
    select case when id = 0 then '-' else (select o.type || ' ' || o.identity from pg_identify_object(catalog, id, 0) o) end
$$;

create function pg_temp.columns(relation oid, numbers int2[]) returns text language sql as $$
    select string_agg(coalesce(a.attname, '-'), ',' order by n.at)
    from unnest(numbers) with ordinality n (number, at)
    left join pg_attribute a on a.attrelid = relation and a.attnum = n.number
$$;

create function pg_temp.sorted(items text[]) returns text[] language sql as $$
    select array_agg(item order by item) from unnest(items) item
$$;

-- Expressions for columns that no rule shows; `t` is the row.
create temp table shown (place text primary key, expression text);
insert into shown values
    ('pg_attrdef.adbin', 'pg_get_expr(t.adbin, t.adrelid)'),
    ('pg_attribute.attnum', '(select count(*) from pg_attribute x where x.attrelid = t.attrelid and x.attnum between 1 and t.attnum and not x.attisdropped)'),
    ('pg_authid.rolpassword', 't.rolpassword is not null'),
    ('pg_class.relpartbound', 'pg_get_expr(t.relpartbound, t.oid)'),
    ('pg_class.reltoastrelid', '(select pg_temp.sorted(x.reloptions) from pg_class x where x.oid = t.reltoastrelid)'),
    ('pg_constraint.conbin', 'pg_get_expr(t.conbin, t.conrelid)'),
    ('pg_constraint.connoinherit', 't.connoinherit and t.contype in (''c'', ''n'')'),
    ('pg_depend.objid', '(select o.type || '' '' || o.identity from pg_identify_object(t.classid, t.objid, t.objsubid) o)'),
    ('pg_depend.refobjid', '(select o.type || '' '' || o.identity from pg_identify_object(t.refclassid, t.refobjid, t.refobjsubid) o)'),
    ('pg_depend.refobjsubid', 't.refobjsubid > 0'),
    ('pg_description.objoid', '(select o.type || '' '' || o.identity from pg_identify_object(t.classoid, t.objoid, t.objsubid) o)'),
    ('pg_description.objsubid', 't.objsubid > 0'),
    ('pg_enum.enumsortorder', '(select count(*) from pg_enum x where x.enumtypid = t.enumtypid and x.enumsortorder <= t.enumsortorder)'),
    ('pg_index.indexprs', 'pg_get_expr(t.indexprs, t.indrelid)'),
    ('pg_index.indpred', 'pg_get_expr(t.indpred, t.indrelid)'),
    ('pg_partitioned_table.partexprs', 'pg_get_expr(t.partexprs, t.partrelid)'),
    ('pg_policy.polroles', '(select string_agg(pg_temp.named(1260, o), '','' order by pg_temp.named(1260, o)) from unnest(t.polroles) o)'),
    ('pg_policy.polqual', 'pg_get_expr(t.polqual, t.polrelid)'),
    ('pg_policy.polwithcheck', 'pg_get_expr(t.polwithcheck, t.polrelid)'),
    ('pg_proc.proargdefaults', 'pg_get_expr(t.proargdefaults, 0)'),
    ('pg_proc.prosqlbody', 'pg_get_function_sqlbody(t.oid)'),
    ('pg_publication_rel.prqual', 'pg_get_expr(t.prqual, t.prrelid)'),
    ('pg_rewrite.ev_action', 'pg_get_ruledef(t.oid)'),
    ('pg_rewrite.ev_qual', 't.ev_qual::text <> ''<>'''),
    ('pg_seclabel.objoid', '(select o.type || '' '' || o.identity from pg_identify_object(t.classoid, t.objoid, t.objsubid) o)'),
    ('pg_seclabel.objsubid', 't.objsubid > 0'),
    ('pg_shdescription.objoid', '(select o.type || '' '' || o.identity from pg_identify_object(t.classoid, t.objoid, 0) o)'),
    ('pg_shseclabel.objoid', '(select o.type || '' '' || o.identity from pg_identify_object(t.classoid, t.objoid, 0) o)'),
    ('pg_statistic_ext.stxexprs', 'pg_get_expr(t.stxexprs, t.stxrelid)'),
    ('pg_trigger.tgqual', 'pg_get_triggerdef(t.oid)'),
    ('pg_type.typdefaultbin', 'pg_get_expr(t.typdefaultbin, 0)');

-- Rows that users made: by their own oid, or the oid of what they belong to; without what extensions bring.
create temp table users_rows (catalog text primary key, condition text);
insert into users_rows values
    ('pg_amop', 't.amopfamily >= 16384'),
    ('pg_amproc', 't.amprocfamily >= 16384'),
    ('pg_attribute', 't.attrelid >= 16384 and t.attnum > 0 and not t.attisdropped and t.attrelid not in (select s.seqrelid from pg_sequence s)'),
    ('pg_auth_members', 't.roleid >= 16384'),
    ('pg_cast', 't.oid >= 16384 and not exists (select from pg_depend d where d.classid = 2605 and d.objid = t.oid and d.deptype = ''i'')'),
    ('pg_class', 't.oid >= 16384 and t.relkind <> ''t'''),
    ('pg_database', 't.datname in (current_database(), ''postgres'')'),
    ('pg_description', '(t.objoid >= 16384 or t.classoid = 2613)'),
    ('pg_db_role_setting', 't.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))'),
    ('pg_depend', '(t.deptype = ''x'' or t.deptype = ''a'' and t.objid in (select s.seqrelid from pg_sequence s))'),
    ('pg_largeobject_metadata', 'true'),
    ('pg_namespace', 't.oid >= 16384 and t.nspname !~ ''^(pg_toast|pg_temp|dbstate$)'' or t.nspname = ''public'''),
    ('pg_proc', 't.oid >= 16384 and not exists (select from pg_depend d where d.classid = 1255 and d.objid = t.oid and d.deptype = ''i'')'),
    ('pg_replication_origin', 't.roname !~ ''^pg_'''),
    ('pg_shdescription', '(t.objoid >= 16384 or t.classoid = 1262)'),
    ('pg_shseclabel', 'true'),
    ('pg_subscription', 't.subdbid = (select d.oid from pg_database d where d.datname = current_database())'),
    ('pg_trigger', 't.tgname !~ ''_ConstraintTrigger_'''),
    ('pg_type', 't.oid >= 16384 and not exists (select from pg_type e where e.typarray = t.oid)');

-- SQL that shows one column.
create function pg_temp.show(catalog text, col text) returns text language plpgsql as $$
declare
    kind regtype := (select a.atttypid from pg_attribute a where a.attrelid = ('pg_catalog.' || catalog)::regclass and a.attname = col);
    key record;
    own text := (select s.expression from pg_temp.shown s where s.place = catalog || '.' || col);
    owner text;
begin
    if own is not null then
        return own;
    end if;
    if kind = 'aclitem[]'::regtype then
        select k.fkcols[1] into owner from pg_get_catalog_foreign_keys() k
        where k.fktable = ('pg_catalog.' || catalog)::regclass and k.pktable = 'pg_authid'::regclass;
        return format('pg_temp.sorted(%s::text[])', case
            when catalog in ('pg_attribute', 'pg_default_acl', 'pg_parameter_acl') then 't.' || col
            else format('coalesce(t.%s, acldefault(%s, t.%s))', col, case catalog
                when 'pg_class' then 'case t.relkind when ''S'' then ''s''::"char" else ''r'' end'
                when 'pg_database' then '''d''' when 'pg_proc' then '''f''' when 'pg_namespace' then '''n'''
                when 'pg_tablespace' then '''t''' when 'pg_foreign_data_wrapper' then '''F'''
                when 'pg_foreign_server' then '''S''' when 'pg_type' then '''T''' when 'pg_language' then '''l'''
                when 'pg_largeobject_metadata' then '''L''' end, owner) end);
    end if;
    if kind = 'text[]'::regtype and col ~ '(options|config)$' then
        return format('pg_temp.sorted(t.%s)', col);
    end if;
    for key in select * from pg_get_catalog_foreign_keys() k
               where k.fktable = ('pg_catalog.' || catalog)::regclass and k.fkcols[array_length(k.fkcols, 1)] = col
    loop
        if array_length(key.fkcols, 1) = 2 then
            return format(case when key.is_array then 'pg_temp.columns(t.%s, t.%s::int2[])' else 'pg_temp.columns(t.%s, array[t.%s])' end,
                key.fkcols[1], col);
        elsif key.is_array then
            return format('(select string_agg(pg_temp.named(%s, o), '','' order by i) from unnest(t.%s::oid[]) with ordinality u (o, i))',
                key.pktable::oid, col);
        else
            return format('pg_temp.named(%s, t.%s)', key.pktable::oid, col);
        end if;
    end loop;
    return case when kind = 'bytea'::regtype then format('encode(t.%s, ''escape'')', col) else 't.' || col end;
end $$;

create function pg_temp.observe(catalog text, cols text[]) returns setof jsonb language plpgsql as $$
declare
    id text := (select a.attname from pg_attribute a where a.attrelid = ('pg_catalog.' || catalog)::regclass and a.attnum = 1);
    condition text := coalesce((select u.condition from pg_temp.users_rows u where u.catalog = observe.catalog),
                               format('t.%s >= 16384', id));
    list text := (select string_agg(format('%L, %s', c, pg_temp.show(catalog, c)), ', ') from unnest(cols) c);
begin
    id := case catalog when 'pg_amop' then 'amopfamily' when 'pg_amproc' then 'amprocfamily' when 'pg_attrdef' then 'adrelid'
                       else id end;
    return query execute format(
        'select r from (select jsonb_build_object(%s) as r from pg_catalog.%I t where (%s)
         and not exists (select from pg_depend e where e.objid::text = t.%I::text and e.deptype = ''e'')
         and not exists (select from pg_class c where c.oid::text = t.%I::text and c.relnamespace in (
             select n.oid from pg_namespace n where n.nspname ~ ''^(pg_toast|pg_temp|dbstate$)''))) rows
         where r::text !~ ''(schema|table|index|type|function|on) pg_(temp|toast_temp)''',
        list, catalog, condition, id, id);
end $$;
