use super::*;
use crate::diagnostic::Sources;
use crate::kinds::register;

/// Returns the canonical text, after checking that formatting it again changes nothing.
#[track_caller]
fn formatted(text: &str) -> String {
    let once = attempt(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    assert_eq!(attempt(&once).expect("it formats again"), once, "formatted twice");
    once
}

fn attempt(text: &str) -> Result<String, String> {
    let mut problems = Diagnostics::default();
    let file = Sources::default().add("a.yaml", text);
    let done = format(file, text, Some(register()), &mut problems);
    done.ok_or_else(|| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

#[test]
fn what_ends_in_a_comment_keeps_its_lines() {
    for text in [
        "schemas:\n  shop:\n    tables:\n      sales:\n        partition_by: range (id)\n        # more to come\n      low:\n        \
         columns: { id: int }\n",
        "schemas:\n  shop:\n    views:\n      a:\n        query: select 1 as one\n        # security_barrier: true\n      b: select 2 as \
         two\n",
        "# of nothing\nword\n",
    ] {
        assert_eq!(formatted(text), text);
    }
    assert_eq!(formatted("word # of nothing\n"), "# of nothing\nword\n");
}

#[test]
fn comments_stay_with_what_they_are_about() {
    let text = "\
# the head of the file

# about schemas
schemas: # beside schemas
  shop:   # beside shop
    tables:

      # all orders
      orders:
        primary_key: { columns: [id] } # pk
        columns: # the columns
          # first


          id:   { type: bigint, identity: always }   # the key
          user_id: \"bigint not null\"

          # second group
          tax: { type: \"numeric(12,2)\", # why
                 generated: \"total * 0.2\", stored: true }
          # note: text    # commented out
        was: purchase
        # end of orders

    # before views
    views:
      open: |   # the view
        select 1
          from shop.orders
    enums: { status: [new, paid, # a label
       shipped], b: [x] }
extensions:
  pgcrypto:
  # citext:
# the end
";
    insta::assert_snapshot!(formatted(text), @r"
    # the head of the file

    # about schemas
    schemas: # beside schemas
      shop: # beside shop
        enums:
          status:
            - new # a label
            - paid
            - shipped
          b: [x]
        tables:
          # all orders
          orders:
            was: purchase
            columns: # the columns
              # first

              id: { type: bigint, identity: always } # the key
              user_id: bigint not null

              # second group
              tax:
                type: numeric(12,2) # why
                generated: total * 0.2
                stored: true
              # note: text    # commented out
            primary_key: [id] # pk
            # end of orders

        # before views
        views:
          open: | # the view
            select 1
              from shop.orders
    extensions:
      pgcrypto: {}
      # citext:
    # the end
    ");
}

#[test]
fn what_is_folded_stays_folded() {
    let text = "schemas:
    shop:
        domains:
            d:
                type: text
                checks:
                    a: >-  # why
                        value > 'a'

                        and value < 'b'
                          or value = 'c'
                    b: value > 'a'
                      and value < 'b'
                    c: \"value > 'a'
                      and value < 'b'\" # beside
";
    insta::assert_snapshot!(formatted(text), @r#"
    schemas:
      shop:
        domains:
          d:
            type: text
            checks:
              a: >- # why
                value > 'a'

                and value < 'b'
                  or value = 'c'
              b: value > 'a'
                and value < 'b'
              c: "value > 'a'
                and value < 'b'" # beside
    "#);
}

#[test]
fn anchors_and_aliases_stay() {
    let text = "schemas:
  shop:
    tables:
      a: &table
        columns: { id: &key bigint, b: *key }
        primary_key: &pk [id]
      b: *table
      c: { primary_key: *pk, columns: {id: *key} }
";
    insta::assert_snapshot!(formatted(text), @r"
    schemas:
      shop:
        tables:
          a: &table
            columns:
              id: &key bigint
              b: *key
            primary_key: &pk [id]
          b: *table
          c:
            columns: { id: *key }
            primary_key: *pk
    ");
}

#[test]
fn line_ends_and_the_mark_of_a_document_stay() {
    assert_eq!(
        formatted("---\r\nroles:\r\n  app: {login:  true} # x\r\n"),
        "---\r\nroles:\r\n  app: { login: true } # x\r\n"
    );
    assert_eq!(formatted("# nothing\n\n# at all\n"), "# nothing\n\n# at all\n");
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\u{feff}roles: {}\n"), "roles: {}\n");
}

#[test]
fn lists_keep_their_comments() {
    let text = "roles:
  app:
    member_of:
    # the first
    - role: reader
    -
      # the second
      inherit: false # why
      role: writer
    # no more
    # - other
";
    insta::assert_snapshot!(formatted(text), @r"
    roles:
      app:
        member_of:
          # the first
          - reader
          # the second
          - role: writer
            inherit: false # why
          # no more
          # - other
    ");
}

#[test]
fn what_is_no_yaml_is_refused() {
    for text in ["a: [", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "<<: {}\n"] {
        assert!(attempt(text).is_err(), "{text}");
    }
}
