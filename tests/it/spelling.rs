//! Text as hands write it, which PostgreSQL stores otherwise: once applied, it plans nothing.

use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = r#"
roles: { postgres: { external: true } }
schemas:
  shop:
    extensions: {}
    enums: { status: [new, paid, shipped] }
    domains:
      email: { type: varchar, checks: { lower: VALUE = LOWER(VALUE), at: "value like '%@%' and length(value) between 3 and 100" } }
      small: { type: int4, default: "'1'", checks: { range: "value > 0 AND value<>7" } }
      price: { type: "decimal( 10 , 2 )", default: 0::numeric, not_null: true }
    composite_types: { pair: { attributes: { a: varchar, b: "timestamp with time zone", c: "int4[]" } } }
    range_types: { span: { subtype: float8 } }
    tables:
      orders:
        columns:
          id: int8 not null
          no: { type: int4, default: "1+1" }
          status: status not null default 'new'
          also: shop.status default 'paid'::status
          email: email
          note: varchar(40) default 'none'
          code: character varying default upper('x')
          flag: bool default not false
          yes: bool default 't'
          at: timestamptz default now()
          day: date default current_date
          until: timestamp default now() + interval '1 day 2 hours'
          later: timestamp default (now() at time zone 'UTC')
          since: time default '10:00'
          amount: decimal(12, 2) default 0
          rate: float8 default 1.50
          ratio: real default 1e3
          tags: text[] default '{}'
          list: int[] default array[1,2]
          data: jsonb default '{"a": 1}'::jsonb
          raw: bytea default '\x00'
          bits: bit(4) default b'1010'
          gap: interval default '1 hour'::interval
          money: numeric default '12.50'
          place: inet default '10.0.0.1'
          key: uuid default gen_random_uuid()
          rnd: float8 default random() * 10
          twice: { type: numeric, generated: "coalesce(amount,0)*2", stored: true }
          low: { type: text, generated: "lower(note) || '-' || code", stored: true }
        primary_key: [id]
        unique: { orders_no: [no] }
        checks:
          c_in: status in ('new', 'paid')
          c_in_text: code in ('a', 'b')
          c_not_in: note not in ('x','y')
          c_not: NOT (no = 3)
          c_ne: no != 3
          c_between: no between 1 and 10
          c_any: no = any(array[1,2,3])
          c_any_text: note = any ('{a,b}')
          c_coalesce: coalesce(note, '') <> 'n/a'
          c_cast: cast(no as bigint) < 1000::int8
          c_like: note like 'a%' or note ilike '%b' or note similar to 'c+'
          c_regex: note ~ '^[a-z]+$' and note !~* 'z'
          c_is: (flag is true) or flag is not true or at is null
          c_case: case when flag then no > 0 else no < 0 end
          c_time: at > '2000-01-01' and day >= '2000-01-01'::date
          c_extract: extract(year from at at time zone 'utc') > 2000
          c_array: "tags @> '{a}' or tags[1] is null"
          c_json: data ->> 'a' is not null and data ? 'a'
          c_row: (no, id) is distinct from (1, 2)
          c_null: nullif(no, 3) is not null
          c_greatest: greatest(no, 3) >= least(3, no)
          c_substr: substring(note from 1 for 2) <> trim(both from code)
          c_pos: position('a' in note) = 0 and char_length(note) < 50
          c_bool: flag = true and yes
          c_num: amount >= -1.0 and rate > .5 and +no > 0
          c_overlay: overlaps_day(day)
        foreign_keys: {}
        indexes:
          i_lower: ["lower(note)"]
          i_plus: ["(no+1) desc"]
          i_part: { columns: [id], where: "status != 'paid' and note is not null" }
          i_class: { columns: [note text_pattern_ops, "code collate \"C\" varchar_pattern_ops desc nulls last"] }
          i_gin: { columns: [data jsonb_path_ops], method: gin }
          i_expr: { columns: ["date(at at time zone 'UTC')", "coalesce(code,'x')"], unique: true }
          i_in: { columns: [no], where: "no in (1,2)" }
        exclusions: { e_span: { elements: ["int4range(no, no+1) with &&"], method: gist } }
        statistics: { s_two: [no, note], s_expr: ["lower(note)", "no % 2"] }
        rls: enabled
        policies:
          p_own: { for: select, using: "note = current_user and id in (select id from shop.orders o where o.no = 1)" }
          p_set: { for: all, using: "id = current_setting('app.id')::bigint", with_check: "flag" }
        triggers:
          t_when: { timing: before, events: [update], each: row, when: "OLD.no != NEW.no and new.note is distinct from old.note", execute: touch() }
          t_of: { timing: after, events: ["update of no, note"], each: statement, execute: "shop.touch('a', 1)" }
        rules: { r_log: { event: insert, where: "NEW.no > 5", do: "nothing" } }
      events:
        partition_by: range (at, lower(kind))
        columns: { at: timestamptz not null, kind: text not null, n: int }
      events_old:
        partition_of: events
        for: values from ('2020-01-01', minvalue) to ('2021-01-01', maxvalue)
      by_list: { partition_by: "list (k)", columns: { k: varchar(3) } }
      by_list_ab: { partition_of: by_list, for: "values in ('a', 'b', null)" }
      by_hash: { partition_by: hash (k), columns: { k: int8 } }
      by_hash_0: { partition_of: by_hash, for: "values with (modulus 2, remainder 0)" }
    views:
      star: select * from shop.orders
      short: select id, no n, note as "Note" from orders where no in (1, 2) and status = 'new' order by 1 desc limit 10
      joined: |
        SELECT o.id, count(*) AS c, sum(o.amount) total, max(at)::date AS day
        FROM orders AS o LEFT JOIN shop.events e ON e.n = o.no AND e.kind != 'x'
        WHERE o.at > now() - interval '7 days' AND EXISTS (SELECT 1 FROM orders x WHERE x.id <> o.id)
        GROUP BY o.id HAVING count(*) > 1
      with_cte: |
        with recursive t(n) as (values (1) union all select n + 1 from t where n < 5)
        select n, case n % 2 when 0 then 'even' else 'odd' end as kind, row_number() over (order by n desc) as r,
               array_agg(n) filter (where n > 1) over (partition by n % 2) as a
        from t
      renamed: { columns: { one: {}, two: {} }, query: "select id, upper(note) from shop.orders" }
      sub: select x.a, x.b from (select id as a, no::text as b from orders) x where x.b between '1' and '5'
      un: select id from orders union all (select id from orders except select 3)
      lat: select o.id, l.v from orders o cross join lateral unnest(o.tags) with ordinality l(v, i)
    materialized_views:
      m_days: select date_trunc('day', at) as d, count(distinct id) as n from orders group by 1
    functions:
      touch(): { returns: trigger, language: plpgsql, body: begin return NEW; end }
      overlaps_day(date): { args: d date, returns: bool, language: sql, volatility: immutable, body: "select d > '1900-01-01'" }
      add(int, int): { args: "a int4, b int = 1+1", returns: int8, language: sql, body: select a + b }
      list_it(varchar): { args: "k varchar default 'x'::text", returns: "table(id int8, n varchar)", language: sql, body: "select id, note from shop.orders" }
      atomic(int): { args: n int, returns: int, language: sql, body: "begin atomic select n + 1; end" }
      vari(numeric[]): { args: "variadic v decimal[]", returns: decimal, language: sql, body: "select sum(x) from unnest(v) x" }
    aggregates:
      total(int4): { sfunc: add2, stype: int8, initcond: 0 }
"#;

#[test]
fn text_by_hand_plans_nothing_once_applied() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    // With the ledger, which knows every text, though nobody may be asked.
    project.settled();
    project.run(&["plan", "--exit-code", "--scratch", "none"], 0);
    // Without the ledger, from what PostgreSQL says in a scratch database.
    project.write("dbstate.yaml", "ledger: off\n");
    let plan = project.run(&["plan", "--exit-code"], 0);
    assert_eq!(plan.stderr, "", "nothing to warn of");
    // With the ledger lost.
    project.write("dbstate.yaml", "ledger: on\n");
    database.psql("drop schema dbstate cascade");
    project.settled();
    let apply = project.apply();
    assert!(apply.stdout.contains("Nothing to do"), "{}", apply.stdout);
    project.run(&["plan", "--exit-code", "--scratch", "none"], 0);
}
