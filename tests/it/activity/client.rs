//! The Activity database as its clients see it: auth-api, write-api, and a stranger.
//!
//! The functions take connections, so that they judge any database with this interface: the one made by hand and the one
//! that dbstate makes.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls};

/// The passwords that the tests give to the two roles: each holds a quote, which must survive the way there.
pub const AUTH_PASSWORD: &str = "auth's pass word";
/// See [`AUTH_PASSWORD`].
pub const WRITE_PASSWORD: &str = "write's pass \"word\"";

/// What the database is called.
pub const DATABASE: &str = "activitydb";
const ABSENT: &str = "00000000-0000-4000-8000-000000000000";
const USER: &str = "id uuid, email varchar, hashed_password varchar, is_verified bool, is_active bool, \
                    created_at timestamp, verified_at timestamp, last_login_at timestamp";

/// Name, types of the parameters, and columns of the result, as a client that prepares the call is told.
const INTERFACE: [(&str, &str, &str); 11] = [
    (
        "sp_create_user",
        "varchar, varchar",
        "id uuid, email varchar, is_verified bool, is_active bool, created_at timestamp",
    ),
    ("sp_get_user_by_email", "varchar", USER),
    ("sp_get_user_by_id", "uuid", USER),
    ("sp_verify_user_email", "uuid", "sp_verify_user_email bool"),
    ("sp_update_last_login", "uuid", "sp_update_last_login void"),
    ("sp_update_password", "uuid, varchar", "sp_update_password bool"),
    ("sp_deactivate_user", "uuid", "sp_deactivate_user bool"),
    ("sp_cleanup_unverified_users", "int4", "sp_cleanup_unverified_users int4"),
    ("sp_save_refresh_token", "uuid, varchar, varchar, timestamp", "sp_save_refresh_token bool"),
    ("sp_revoke_refresh_token", "uuid, varchar", "sp_revoke_refresh_token bool"),
    (
        "sp_get_valid_refresh_token",
        "varchar",
        "id int4, user_id uuid, token varchar, jti varchar, expires_at timestamp, created_at timestamp, revoked bool",
    ),
];

/// Everything below, for the database `activitydb` that `superuser` reaches. Leaves rows, a table and a role behind,
/// and the cluster asking every other role for its password.
pub async fn drive_all(superuser: &Config) {
    let admin = connect(superuser).await;
    require_passwords(&admin).await;
    let auth = as_role(superuser, "auth_api_user", AUTH_PASSWORD);
    let write = as_role(superuser, "write_api_user", WRITE_PASSWORD);
    passwords_are_asked_for(superuser).await;

    let client = connect(&auth).await;
    interface_is_to_the_letter(&client).await;
    let user = drive_auth(&client).await;
    drive_refresh(&client, &user).await;
    drive_cleanup(&client, &admin).await;
    auth_may_not_change_the_schema(&client).await;
    write_api(&connect(&write).await, &client, &admin).await;
    public_has_nothing(superuser, &admin).await;
}

/// Users, from sign-up to deactivation; gives the id of an active, verified user.
pub async fn drive_auth(client: &Client) -> String {
    let made = row(client, "select * from activity.sp_create_user('Ada.Lovelace@Example.ORG', 'argon2-1')").await;
    let [id, email, verified, active, created] = made.try_into().expect("five columns");
    assert_eq!((&*email, &*verified, &*active), ("ada.lovelace@example.org", "f", "t"));
    assert!(created != "-", "a user has a date of registration");

    for again in ["ada.lovelace@example.org", "ADA.LOVELACE@EXAMPLE.ORG"] {
        let sql = format!("select * from activity.sp_create_user('{again}', 'x')");
        refused(client, &sql, &SqlState::UNIQUE_VIOLATION).await;
    }
    for (sql, code) in [
        ("select * from activity.sp_create_user(null, 'x')", SqlState::NOT_NULL_VIOLATION),
        ("select * from activity.sp_create_user('b@example.org', null)", SqlState::NOT_NULL_VIOLATION),
        ("select * from activity.sp_create_user(repeat('x', 256), 'x')", SqlState::STRING_DATA_RIGHT_TRUNCATION),
        ("select * from activity.sp_get_user_by_id('no uuid')", SqlState::INVALID_TEXT_REPRESENTATION),
        ("insert into activity.users (email, hashed_password) values ('B@x', 'x')", SqlState::CHECK_VIOLATION),
    ] {
        refused(client, sql, &code).await;
    }

    let whole = [&*id, "ada.lovelace@example.org", "argon2-1", "f", "t", &*created, "-", "-"];
    assert_eq!(row(client, "select * from activity.sp_get_user_by_email('aDa.Lovelace@example.org')").await, whole);
    assert_eq!(row(client, &format!("select * from activity.sp_get_user_by_id('{id}')")).await, whole);
    for nobody in
        ["sp_get_user_by_email('nobody@example.org')", "sp_get_user_by_email(null)", "sp_get_user_by_id(null)"]
    {
        assert!(rows(client, &format!("select * from activity.{nobody}")).await.is_empty(), "{nobody}");
    }
    assert!(rows(client, &format!("select * from activity.sp_get_user_by_id('{ABSENT}')")).await.is_empty());

    drive_changes_of_a_user(client, &id).await;
    id
}

async fn drive_changes_of_a_user(client: &Client, id: &str) {
    let of_user = format!("select * from activity.sp_get_user_by_id('{id}')");
    let verify = format!("sp_verify_user_email('{id}')");
    assert_eq!(answer(client, &verify).await, "t");
    let first = row(client, &of_user).await;
    assert_eq!(first[3], "t");
    assert!(first[6] != "-", "a verified user has a date of verification");
    assert_eq!(answer(client, &verify).await, "t");
    assert_eq!(row(client, &of_user).await, first, "a second verification changes nothing");

    answer(client, &format!("sp_update_last_login('{id}')")).await;
    let login = row(client, &of_user).await[7].clone();
    assert!(login != "-");
    answer(client, &format!("sp_update_last_login('{id}')")).await;
    assert!(row(client, &of_user).await[7] > login, "a later login has a later time");

    assert_eq!(answer(client, &format!("sp_update_password('{id}', 'argon2-2')")).await, "t");
    assert_eq!(row(client, &of_user).await[2], "argon2-2");
    let null = format!("select * from activity.sp_update_password('{id}', null)");
    refused(client, &null, &SqlState::NOT_NULL_VIOLATION).await;

    row(client, "select * from activity.sp_create_user('gone@example.org', 'x')").await;
    let gone = row(client, "select id from activity.sp_get_user_by_email('gone@example.org')").await.remove(0);
    assert_eq!(answer(client, &format!("sp_deactivate_user('{gone}')")).await, "t");
    let kept = row(client, "select * from activity.sp_get_user_by_email('gone@example.org')").await;
    assert_eq!(kept[4], "f", "a deactivated user is still there, and not active");

    for unknown in ["sp_verify_user_email", "sp_deactivate_user"] {
        assert_eq!(answer(client, &format!("{unknown}('{ABSENT}')")).await, "f", "{unknown}");
        assert_eq!(answer(client, &format!("{unknown}(null)")).await, "f", "{unknown}");
    }
    assert_eq!(answer(client, &format!("sp_update_password('{ABSENT}', 'x')")).await, "f");
    answer(client, &format!("sp_update_last_login('{ABSENT}')")).await;
}

/// Refresh tokens of the user with this id, from saving to revocation.
pub async fn drive_refresh(client: &Client, user: &str) {
    let save = |token: &str, jti: &str, expires: &str| {
        format!("sp_save_refresh_token('{user}', '{token}', '{jti}', (now() + interval '{expires}')::timestamp)")
    };
    let valid = |token: &str| format!("select * from activity.sp_get_valid_refresh_token('{token}')");

    assert_eq!(answer(client, &save("token-1", "jti-1", "1 day")).await, "t");
    let found = row(client, &valid("token-1")).await;
    assert_eq!((&*found[1], &*found[2], &*found[3], &*found[6]), (user, "token-1", "jti-1", "f"));
    assert!(found[4] > found[5], "a valid token expires after it was made");
    assert!(rows(client, &valid("token-unknown")).await.is_empty());
    assert!(rows(client, "select * from activity.sp_get_valid_refresh_token(null)").await.is_empty());

    assert_eq!(answer(client, &save("token-old", "jti-old", "-1 second")).await, "t");
    assert!(rows(client, &valid("token-old")).await.is_empty(), "an expired token is not valid");

    for (call, code) in [
        (save("token-2", "jti-1", "1 day"), SqlState::UNIQUE_VIOLATION),
        (save(&"x".repeat(501), "jti-3", "1 day"), SqlState::STRING_DATA_RIGHT_TRUNCATION),
        (format!("sp_save_refresh_token('{ABSENT}', 't', 'j', now()::timestamp)"), SqlState::FOREIGN_KEY_VIOLATION),
        (format!("sp_save_refresh_token('{user}', null, 'j', now()::timestamp)"), SqlState::NOT_NULL_VIOLATION),
        (format!("sp_save_refresh_token('{user}', 't', 'j', null)"), SqlState::NOT_NULL_VIOLATION),
    ] {
        refused(client, &format!("select * from activity.{call}"), &code).await;
    }

    for wrong in [format!("'{ABSENT}', 'token-1'"), format!("'{user}', 'token-unknown'"), "null, null".to_owned()] {
        assert_eq!(answer(client, &format!("sp_revoke_refresh_token({wrong})")).await, "f", "{wrong}");
    }
    assert_eq!(rows(client, &valid("token-1")).await.len(), 1, "a token outlives what was not its revocation");
    let revoke = format!("sp_revoke_refresh_token('{user}', 'token-1')");
    assert_eq!(answer(client, &revoke).await, "t");
    assert!(rows(client, &valid("token-1")).await.is_empty(), "a revoked token is not valid");
    assert_eq!(answer(client, &revoke).await, "t", "to revoke twice is no error");
}

/// The clean-up of users never verified; `admin` sets their dates back.
async fn drive_cleanup(client: &Client, admin: &Client) {
    for (email, days) in [("days8@example.org", 8), ("days6@example.org", 6), ("days2@example.org", 2)] {
        let made = row(client, &format!("select id from activity.sp_create_user('{email}', 'x')")).await;
        let token = format!("sp_save_refresh_token('{}', 't', '{email}', now()::timestamp)", made[0]);
        assert_eq!(answer(client, &token).await, "t");
        let age =
            format!("update activity.users set created_at = now() - interval '{days} days' where id = '{}'", made[0]);
        admin.batch_execute(&age).await.expect("set back");
    }
    let verified = "update activity.users set created_at = now() - interval '1 year' where is_verified";
    admin.batch_execute(verified).await.expect("set back");

    assert_eq!(answer(client, "sp_cleanup_unverified_users(null)").await, "0");
    assert_eq!(answer(client, "sp_cleanup_unverified_users()").await, "1", "seven days, if none are given");
    assert_eq!(answer(client, "sp_cleanup_unverified_users()").await, "0");
    assert_eq!(answer(client, "sp_cleanup_unverified_users(p_days_old => 5)").await, "1");
    let negative = "select * from activity.sp_cleanup_unverified_users(-1)";
    refused(client, negative, &SqlState::INVALID_PARAMETER_VALUE).await;

    let left =
        "select string_agg(email, ' ' order by email) from activity.users where email like 'days%' or is_verified";
    assert_eq!(row(client, left).await, ["ada.lovelace@example.org days2@example.org"]);
    let tokens = "select string_agg(jti, ' ') from activity.refresh_tokens where jti like 'days%'";
    assert_eq!(row(client, tokens).await, ["days2@example.org"], "tokens go with their user");
}

async fn interface_is_to_the_letter(client: &Client) {
    for (function, parameters, columns) in INTERFACE {
        let holes: Vec<_> = (1..=parameters.split(", ").count()).map(|n| format!("${n}")).collect();
        let sql = format!("select * from activity.{function}({})", holes.join(", "));
        let call = client.prepare(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let asked: Vec<_> = call.params().iter().map(ToString::to_string).collect();
        assert_eq!(asked.join(", "), parameters, "parameters of {function}");
        let given: Vec<_> =
            call.columns().iter().map(|column| format!("{} {}", column.name(), column.type_())).collect();
        assert_eq!(given.join(", "), columns, "result of {function}");
    }
    let found = row(
        client,
        "select count(*)::text, count(*) filter (where prokind <> 'f' or prosecdef)::text \
         from pg_proc where pronamespace = 'activity'::regnamespace",
    )
    .await;
    assert_eq!(found, ["11", "0"], "eleven plain functions, each with the rights of its caller");

    let named = "select * from activity.sp_create_user(p_hashed_password => $1, p_email => $2)";
    let parameters: [&(dyn ToSql + Sync); 2] = [&"argon2", &"Named@example.org"];
    let made = client.query_one(named, &parameters).await.expect("parameters go by name");
    assert_eq!(made.get::<_, &str>("email"), "named@example.org");
}

async fn auth_may_not_change_the_schema(client: &Client) {
    for sql in [
        "drop table activity.refresh_tokens",
        "alter table activity.users add column note text",
        "truncate activity.refresh_tokens",
        "create table activity.mine (id integer)",
        "create index on activity.users (created_at)",
        "create function activity.mine() returns integer language sql as 'select 1'",
        "drop function activity.sp_deactivate_user(uuid)",
        "drop schema activity cascade",
        "create schema mine",
        "create table public.mine (id integer)",
        "create temporary table mine (id integer)",
        "select setval('activity.refresh_tokens_id_seq', 1)",
        "create role mine",
        "alter role write_api_user password 'mine'",
        "set role postgres",
    ] {
        refused(client, sql, &SqlState::INSUFFICIENT_PRIVILEGE).await;
    }
    // PostgreSQL only warns that this grants nothing; that it does not, `write_api` shows.
    client.batch_execute("grant select on activity.users to write_api_user").await.expect("a warning");
}

/// What write-api may not touch now, and what it may once the role `postgres` adds it.
pub async fn write_api(client: &Client, auth: &Client, admin: &Client) {
    for sql in [
        "select * from activity.users",
        "select count(*) from activity.refresh_tokens",
        "insert into activity.users (email, hashed_password) values ('w@example.org', 'x')",
        "update activity.users set is_active = false",
        "delete from activity.refresh_tokens",
        "truncate activity.users",
        "select nextval('activity.refresh_tokens_id_seq')",
        "select last_value from activity.refresh_tokens_id_seq",
        "select * from activity.sp_cleanup_unverified_users()",
        "select * from activity.sp_get_user_by_email('ada.lovelace@example.org')",
        "create table activity.mine (id integer)",
        "create table public.mine (id integer)",
        "create temporary table mine (id integer)",
        "drop table activity.users",
    ] {
        refused(client, sql, &SqlState::INSUFFICIENT_PRIVILEGE).await;
    }

    let added = "create table activity.added_later (id serial primary key, note text);
                 create function activity.added_function() returns integer language sql as 'select 1'";
    admin.batch_execute(added).await.expect("postgres adds a table");
    let insert = "insert into activity.added_later (note) values ('one'), ('two') returning id";
    assert_eq!(rows(client, insert).await, [["1"], ["2"]]);
    for (sql, changed) in [
        ("update activity.added_later set note = 'three' where id = 2", 1),
        ("delete from activity.added_later where id = 1", 1),
    ] {
        assert_eq!(client.execute(sql, &[]).await.expect(sql), changed, "{sql}");
    }
    assert_eq!(rows(client, "select * from activity.added_later").await, [["2", "three"]]);
    assert_eq!(row(client, "select last_value from activity.added_later_id_seq").await, ["2"]);

    for sql in ["truncate activity.added_later", "drop table activity.added_later", "select activity.added_function()"]
    {
        refused(client, sql, &SqlState::INSUFFICIENT_PRIVILEGE).await;
    }
    for sql in ["select * from activity.added_later", "select activity.added_function()"] {
        refused(auth, sql, &SqlState::INSUFFICIENT_PRIVILEGE).await;
    }
}

/// A role without grants cannot connect, and, were it let in, could do nothing.
async fn public_has_nothing(superuser: &Config, admin: &Client) {
    admin.batch_execute("create role stranger login password 'stranger'").await.expect("a role");
    let stranger = as_role(superuser, "stranger", "stranger");
    assert_eq!(code(stranger.connect(NoTls).await), Some(SqlState::INSUFFICIENT_PRIVILEGE));

    admin.batch_execute("grant connect on database activitydb to stranger").await.expect("grant");
    admin
        .batch_execute("create table public.open (id integer); grant all on public.open to public")
        .await
        .expect("open");
    let client = connect(&stranger).await;
    for sql in [
        "select * from activity.users",
        "select * from activity.sp_get_user_by_email('ada.lovelace@example.org')",
        "create temporary table mine (id integer)",
        "create table public.mine (id integer)",
        "select * from public.open",
    ] {
        refused(&client, sql, &SqlState::INSUFFICIENT_PRIVILEGE).await;
    }

    admin.batch_execute("grant usage on schema activity to stranger").await.expect("grant");
    refused(&client, "select activity.added_function()", &SqlState::INSUFFICIENT_PRIVILEGE).await;

    for (role, allowed) in [("auth_api_user", "11"), ("write_api_user", "0"), ("stranger", "0")] {
        let executable = "select count(*) from pg_proc where pronamespace = 'activity'::regnamespace";
        let executable = format!("{executable} and has_function_privilege('{role}', oid, 'execute')");
        assert_eq!(row(admin, &executable).await, [allowed], "functions that {role} may execute");
    }
}

/// From here on the cluster lets nobody but `postgres` in without the right password.
async fn require_passwords(admin: &Client) {
    let rules = "do $$ begin execute format('copy (values (''local all postgres trust''), \
                 (''local all all scram-sha-256'')) to %L', current_setting('hba_file')); end $$";
    admin.batch_execute(rules).await.expect("write pg_hba.conf");
    admin.batch_execute("select pg_reload_conf()").await.expect("reload");
}

async fn passwords_are_asked_for(superuser: &Config) {
    for role in ["auth_api_user", "write_api_user"] {
        let wrong = as_role(superuser, role, "wrong");
        // The server reads its rules a moment after it is told to.
        let mut attempts = 0;
        while wrong.connect(NoTls).await.is_ok() {
            attempts += 1;
            assert!(attempts < 100, "{role} is let in with a wrong password");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(code(wrong.connect(NoTls).await), Some(SqlState::INVALID_PASSWORD));
    }
}

/// The way to the database at a URL, as the superuser.
pub fn config(url: &str) -> Config {
    url.parse().expect("a URL of the test's own cluster")
}

/// The way in for `role`, to the database that `superuser` reaches.
pub fn as_role(superuser: &Config, role: &str, password: &str) -> Config {
    let mut config = superuser.clone();
    config.user(role).password(password);
    config
}

/// A connection that lives as long as its client.
pub async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap_or_else(|error| panic!("connect: {error:?}"));
    tokio::spawn(connection);
    client
}

/// The rows of `sql` as psql prints their values; a null is `-`.
async fn rows(client: &Client, sql: &str) -> Vec<Vec<String>> {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let mut rows = Vec::new();
    for message in messages {
        if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
            rows.push((0..row.len()).map(|at| row.get(at).unwrap_or("-").to_owned()).collect());
        }
    }
    rows
}

/// The only row of `sql`.
pub async fn row(client: &Client, sql: &str) -> Vec<String> {
    let mut rows = rows(client, sql).await;
    assert_eq!(rows.len(), 1, "rows of {sql}");
    rows.remove(0)
}

/// The only value of a call of an `activity` function.
async fn answer(client: &Client, call: &str) -> String {
    let mut row = row(client, &format!("select * from activity.{call}")).await;
    assert_eq!(row.len(), 1, "values of {call}");
    row.remove(0)
}

/// Sees that `sql` is refused for that reason.
pub async fn refused(client: &Client, sql: &str, why: &SqlState) {
    assert_eq!(code(client.simple_query(sql).await).as_ref(), Some(why), "{sql}");
}

fn code<T>(result: Result<T, tokio_postgres::Error>) -> Option<SqlState> {
    result.err().and_then(|error| error.code().cloned())
}
