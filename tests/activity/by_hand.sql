-- The Activity database as a database administrator would make it by hand, in a fresh, empty database:
--
--   psql -d activitydb -v ON_ERROR_STOP=1 -v auth_api_password=… -v write_api_password=… -f tests/activity/by_hand.sql
--
-- It is the oracle for schema.yaml and roles.yaml: what dbstate builds must behave like this, and dbstate must adopt
-- a database made like this without losing a row or rebuilding a table. Run it as the superuser `postgres`.
-- It uses nothing of psql but the three variables :'auth_api_password', :'write_api_password' and :"DBNAME".

begin;

set local client_min_messages = warning;
set local password_encryption = 'scram-sha-256';

-- Roles ---------------------------------------------------------------------------------------------------------------

create role auth_api_user login password :'auth_api_password' connection limit 40;
alter role auth_api_user set search_path = activity;
alter role auth_api_user set timezone = 'UTC';
alter role auth_api_user set statement_timeout = '30s';
alter role auth_api_user set idle_in_transaction_session_timeout = '60s';

create role write_api_user login password :'write_api_password' connection limit 40;
alter role write_api_user set search_path = activity;
alter role write_api_user set timezone = 'UTC';
alter role write_api_user set statement_timeout = '30s';
alter role write_api_user set idle_in_transaction_session_timeout = '60s';

-- Schema and tables ---------------------------------------------------------------------------------------------------

create schema activity authorization postgres;
comment on schema activity is 'Activity App: users and their tokens';

create table activity.users (
    id uuid primary key default gen_random_uuid(),
    email varchar(255) not null,
    hashed_password varchar(255) not null,
    is_verified boolean not null default false,
    is_active boolean not null default true,
    created_at timestamp not null default now(),
    verified_at timestamp,
    last_login_at timestamp,
    constraint users_email_key unique (email),
    constraint email_lowercase check (email = lower(email))
);

create index idx_users_email on activity.users (email);
create index idx_users_verified on activity.users (is_verified) where is_verified = true;
create index idx_users_active on activity.users (is_active) where is_active = true;

comment on table activity.users is 'User authentication and profile data';
comment on column activity.users.id is 'Primary key';
comment on column activity.users.email is 'Unique, lowercase';
comment on column activity.users.hashed_password is 'Argon2id hash';
comment on column activity.users.is_verified is 'Email verification status';
comment on column activity.users.is_active is 'Account status';
comment on column activity.users.created_at is 'Registration date';
comment on column activity.users.verified_at is 'Verification date';
comment on column activity.users.last_login_at is 'Last login';

create table activity.refresh_tokens (
    id serial primary key,
    user_id uuid not null references activity.users (id) on delete cascade,
    token varchar(500) not null,
    jti varchar(50) not null unique,
    expires_at timestamp not null,
    created_at timestamp not null default now(),
    revoked boolean not null default false
);

create index idx_refresh_tokens_user_id on activity.refresh_tokens (user_id);
create index idx_refresh_tokens_jti on activity.refresh_tokens (jti);
create index idx_refresh_tokens_expires on activity.refresh_tokens (expires_at);

comment on table activity.refresh_tokens is 'JWT refresh token storage';
comment on column activity.refresh_tokens.id is 'Primary key';
comment on column activity.refresh_tokens.user_id is 'The user this token belongs to';
comment on column activity.refresh_tokens.token is 'Refresh token';
comment on column activity.refresh_tokens.jti is 'JWT ID (unique)';
comment on column activity.refresh_tokens.expires_at is 'Expiration';
comment on column activity.refresh_tokens.created_at is 'Creation time';
comment on column activity.refresh_tokens.revoked is 'Revocation status';

-- The eleven functions ------------------------------------------------------------------------------------------------
--
-- All run with the rights of the caller, name every object with its schema, and pin search_path, so that nothing in
-- the caller's session can slip another function or operator under them.

create function activity.sp_create_user(p_email varchar, p_hashed_password varchar)
returns table (id uuid, email varchar, is_verified boolean, is_active boolean, created_at timestamp)
language sql
set search_path = pg_catalog, pg_temp
as $$
insert into activity.users as u (email, hashed_password)
values (lower(p_email), p_hashed_password)
returning u.id, u.email, u.is_verified, u.is_active, u.created_at;
$$;
comment on function activity.sp_create_user(varchar, varchar) is 'Create new user';

create function activity.sp_get_user_by_email(p_email varchar)
returns table (
    id uuid, email varchar, hashed_password varchar, is_verified boolean, is_active boolean,
    created_at timestamp, verified_at timestamp, last_login_at timestamp
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select u.id, u.email, u.hashed_password, u.is_verified, u.is_active, u.created_at, u.verified_at, u.last_login_at
from activity.users as u
where u.email = lower(p_email);
$$;
comment on function activity.sp_get_user_by_email(varchar) is 'Get user by email';

create function activity.sp_get_user_by_id(p_user_id uuid)
returns table (
    id uuid, email varchar, hashed_password varchar, is_verified boolean, is_active boolean,
    created_at timestamp, verified_at timestamp, last_login_at timestamp
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select u.id, u.email, u.hashed_password, u.is_verified, u.is_active, u.created_at, u.verified_at, u.last_login_at
from activity.users as u
where u.id = p_user_id;
$$;
comment on function activity.sp_get_user_by_id(uuid) is 'Get user by ID';

create function activity.sp_verify_user_email(p_user_id uuid)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update activity.users
    set is_verified = true, verified_at = coalesce(verified_at, now())
    where id = p_user_id;
    return found;
end;
$$;
comment on function activity.sp_verify_user_email(uuid) is 'Mark email as verified';

create function activity.sp_update_last_login(p_user_id uuid)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
update activity.users set last_login_at = now() where id = p_user_id;
$$;
comment on function activity.sp_update_last_login(uuid) is 'Update last login timestamp';

create function activity.sp_update_password(p_user_id uuid, p_new_hashed_password varchar)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update activity.users
    set hashed_password = p_new_hashed_password
    where id = p_user_id;
    return found;
end;
$$;
comment on function activity.sp_update_password(uuid, varchar) is 'Update password';

create function activity.sp_deactivate_user(p_user_id uuid)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update activity.users
    set is_active = false
    where id = p_user_id;
    return found;
end;
$$;
comment on function activity.sp_deactivate_user(uuid) is 'Soft delete user';

create function activity.sp_cleanup_unverified_users(p_days_old integer default 7)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_deleted integer;
begin
    if p_days_old < 0 then
        raise exception 'p_days_old must not be negative, got %', p_days_old
            using errcode = 'invalid_parameter_value';
    end if;
    delete from activity.users
    where not is_verified
      and created_at < now() - make_interval(days => p_days_old);
    get diagnostics v_deleted = row_count;
    return v_deleted;
end;
$$;
comment on function activity.sp_cleanup_unverified_users(integer) is 'Remove old unverified users';

create function activity.sp_save_refresh_token(
    p_user_id uuid, p_token varchar, p_jti varchar, p_expires_at timestamp
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into activity.refresh_tokens (user_id, token, jti, expires_at)
    values (p_user_id, p_token, p_jti, p_expires_at);
    return true;
end;
$$;
comment on function activity.sp_save_refresh_token(uuid, varchar, varchar, timestamp) is 'Save refresh token';

create function activity.sp_revoke_refresh_token(p_user_id uuid, p_token varchar)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update activity.refresh_tokens
    set revoked = true
    where user_id = p_user_id and token = p_token;
    return found;
end;
$$;
comment on function activity.sp_revoke_refresh_token(uuid, varchar) is 'Revoke refresh token';

create function activity.sp_get_valid_refresh_token(p_token varchar)
returns table (
    id integer, user_id uuid, token varchar, jti varchar, expires_at timestamp, created_at timestamp, revoked boolean
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select t.id, t.user_id, t.token, t.jti, t.expires_at, t.created_at, t.revoked
from activity.refresh_tokens as t
where t.token = p_token and not t.revoked and t.expires_at > now();
$$;
comment on function activity.sp_get_valid_refresh_token(varchar) is 'Get valid refresh token';

-- Privileges ----------------------------------------------------------------------------------------------------------

-- PUBLIC has nothing: no connect or temp on the database, no usage or create in schema public, no execute.
revoke all on database :"DBNAME" from public;
revoke all on schema public from public;
revoke all on all functions in schema activity from public;

grant connect on database :"DBNAME" to auth_api_user, write_api_user;
grant usage on schema activity to auth_api_user, write_api_user;

grant select, insert, update, delete on activity.users, activity.refresh_tokens to auth_api_user;
grant usage on sequence activity.refresh_tokens_id_seq to auth_api_user;
grant execute on all functions in schema activity to auth_api_user;

-- Last, so that they reach future objects only: write_api_user has no right on what is there now.
alter default privileges for role postgres in schema activity
    grant select, insert, update, delete on tables to write_api_user;
alter default privileges for role postgres in schema activity
    grant usage, select on sequences to write_api_user;
alter default privileges for role postgres
    revoke execute on functions from public;

commit;
