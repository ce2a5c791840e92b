//! `verify` finds whatever was changed behind the store's back, or what the engine must never have said.

use super::*;

#[tokio::test]
async fn dropped_reads_leave_the_chain_whole() {
    let shop = Shop::after_a_day().await;
    shop.tamper(&["UPDATE journal SET body = NULL WHERE kind = 'lines' AND last_line <= 25"]).await;
    let db = shop.open().await;
    let verified = db.verify().await.expect("the chain holds");
    assert_eq!((verified.dropped, verified.lines), (1, 50));
    let error = db.lines_after(0).await.expect_err("they are gone").to_string();
    assert!(error.contains("journal seq 1") && error.contains("dropped"), "{error}");
    assert_eq!(db.lines_after(25).await.expect("these are there").len(), 5);
}

macro_rules! tampering {
    ($($name:ident: [$($statement:expr),+] => $table:literal $place:literal $what:literal;)+) => {$(
        #[tokio::test]
        async fn $name() {
            let fault = found_after(&[$($statement),+]).await;
            assert_eq!((fault.table, fault.place.as_str()), ($table, $place), "{fault}");
            assert!(fault.what.contains($what), "{fault}");
        }
    )+};
}

// The day's journal: row 1 lines, 2 to 6 the catalogue, 7 lines, 8 and 9 evidence, 10 and 11 the attempt, 12 receipt
// R-1, 13 and 14 moves, 15 and 16 passage P-1, 17 lines, 18 evidence, 19 and 20 the attempt, 21 R-2, 22 a move, 23 and
// 24 P-2, 25 P-3 (held), 26 and 27 alerts.
tampering! {
    a_changed_fact_is_found:
        ["UPDATE journal SET body = CAST(REPLACE(CAST(body AS TEXT), '4990', '0990') AS BLOB) WHERE seq = 12"]
        => "journal" "seq 12" "its body was changed";
    a_changed_line_is_found:
        ["UPDATE journal SET body = CAST(REPLACE(CAST(body AS TEXT), '-58.5', '-38.5') AS BLOB) WHERE seq = 7"]
        => "journal" "seq 7" "its body was changed";
    a_changed_time_is_found: ["UPDATE journal SET at = at + 1 WHERE seq = 5"] => "journal" "seq 5" "chain is broken";
    a_changed_digest_is_found:
        ["UPDATE journal SET digest = zeroblob(32) WHERE seq = 12"] => "journal" "seq 12" "chain is broken";
    a_changed_type_is_found:
        ["UPDATE journal SET type = 'alert' WHERE seq = 12"] => "journal" "seq 12" "its body is a receipt";
    a_row_taken_out_is_found: ["DELETE FROM journal WHERE seq = 12"] => "journal" "seq 13" "row 12 is missing";
    an_end_cut_off_is_found:
        ["DELETE FROM journal WHERE seq > 25", "DELETE FROM alerts"] => "head" "1" "its end was cut off";
    an_end_cut_off_with_its_head_is_found_by_what_it_made:
        ["DELETE FROM journal WHERE seq > 25",
         "UPDATE head SET seq = 25, chain = (SELECT chain FROM journal WHERE seq = 25)"]
        => "alerts" "26" "no fact in the journal";
    a_changed_total_is_found:
        ["UPDATE receipts SET total_minor = 4991 WHERE id = 'R-2'"] => "receipts" "R-2" "total_minor is 4991";
    a_changed_status_is_found:
        ["UPDATE receipts SET status = 'refunded' WHERE id = 'R-2'"] => "receipts" "R-2" "status is refunded";
    a_skipped_number_is_found:
        ["UPDATE receipts SET number = 3 WHERE id = 'R-2'"] => "receipts" "R-2" "number is 3, the facts say 2";
    a_receipt_taken_out_is_found: ["DELETE FROM receipts WHERE id = 'R-1'"] => "receipts" "R-1" "missing";
    a_receipt_that_nobody_paid_is_found:
        ["INSERT INTO receipts SELECT 'R-3', 3, first_fact, fact, '0123456789abcdef0123456789abcdef', 'A-3', lane,
            passage, status, currency, total_minor, tax_minor, decided_at, paid_at FROM receipts WHERE id = 'R-2'"]
        => "receipts" "R-3" "no fact in the journal";
    a_guessable_token_is_found:
        ["UPDATE receipts SET token = '000002' WHERE id = 'R-2'"] => "receipts" "R-2" "guessed";
    anothers_payment_is_found:
        ["UPDATE receipts SET attempt = 'x' WHERE id = 'R-1'", "UPDATE receipts SET attempt = 'A-1' WHERE id = 'R-2'",
         "UPDATE receipts SET attempt = 'A-2' WHERE id = 'R-1'"]
        => "receipts" "R-1" "was not committed before";
    a_changed_price_is_found:
        ["UPDATE receipt_lines SET unit_minor = 1 WHERE receipt = 'R-1' AND line = 2"]
        => "receipt_lines" "R-1/2" "unit_minor is 1";
    a_line_taken_out_is_found:
        ["DELETE FROM receipt_lines WHERE receipt = 'R-1' AND line = 2"] => "receipt_lines" "R-1/2" "missing";
    removed_evidence_is_found: ["DELETE FROM evidence WHERE passage = 'P-2'"] => "evidence" "18" "missing";
    a_changed_entry_is_found:
        ["UPDATE ledger SET amount_minor = amount_minor - 1 WHERE account = 'sales' AND receipt = 'R-1'"]
        => "ledger" "12/sales" "amount_minor is -6491";
    a_changed_account_is_found:
        ["UPDATE ledger SET account = 'terminal:mine' WHERE account = 'terminal:term-1' AND receipt = 'R-1'"]
        => "ledger" "12/terminal:mine" "no fact in the journal";
    a_changed_amount_is_found:
        ["UPDATE attempts SET amount_minor = 1 WHERE id = 'A-1'"] => "attempts" "A-1" "amount_minor is 1";
    a_piece_put_back_is_found:
        ["UPDATE pieces SET state = 'in_stock' WHERE serial = '1'"]
        => "pieces" "09520000000011/1" "state is in_stock, the facts say sold";
    a_changed_product_is_found:
        ["UPDATE products SET unit_minor = 1 WHERE gtin = '09520000000028'"]
        => "products" "09520000000028" "unit_minor is 1";
    a_move_taken_out_is_found: ["DELETE FROM moves WHERE fact = 22"] => "moves" "22" "missing";
    a_hold_wiped_away_is_found:
        ["UPDATE passages SET outcome = 'no_items' WHERE id = 'P-3'"] => "passages" "P-3" "outcome is no_items";
    an_alert_taken_out_is_found: ["DELETE FROM alerts WHERE fact = 27"] => "alerts" "27" "missing";
}

/// Commits what the engine must never say, and proves that the ledger finds it.
async fn fault_in(sale: impl FnOnce(&mut Vec<(u64, Outcome)>)) -> Fault {
    let db = Db::open("sqlite::memory:").await.expect("a database in memory");
    let mut facts = Sale::of(1, vec![line(1, TEE, "1", 4990)]).facts(1);
    sale(&mut facts);
    db.commit(&Batch { lines: &lines(1, 1), facts: &facts }).await.expect("committed");
    db.verify().await.expect_err("it must be found")
}

#[tokio::test]
async fn a_total_that_is_not_the_sum_of_its_lines_is_found() {
    let fault = fault_in(|facts| {
        for (_, fact) in facts {
            if let Outcome::Receipt(receipt) = fact {
                receipt.tax_minor = 1;
            }
        }
    })
    .await;
    assert_eq!((fault.table, fault.place.as_str()), ("receipts", "R-1"));
    assert!(fault.what.contains("total 4990, but its lines and tax add up to 4991"), "{fault}");
}

#[tokio::test]
async fn a_captured_amount_that_is_not_the_total_is_found() {
    let fault = fault_in(|facts| {
        for (_, fact) in facts {
            if let Outcome::Attempt(attempt) = fact {
                attempt.amount_minor = 5000;
            }
        }
    })
    .await;
    assert!(fault.what.contains("total 4990 USD, but attempt A-1 captured 5000 USD"), "{fault}");
}

#[tokio::test]
async fn a_receipt_whose_attempt_was_never_captured_is_found() {
    let fault = fault_in(|facts| {
        facts.retain(|(_, fact)| !matches!(fact, Outcome::Attempt(a) if a.state == AttemptState::Approved));
    })
    .await;
    assert!(fault.what.contains("never captured"), "{fault}");
}

#[tokio::test]
async fn a_line_without_evidence_is_found() {
    let fault = fault_in(|facts| facts.retain(|(_, fact)| !matches!(fact, Outcome::Evidence(_)))).await;
    assert_eq!(
        (fault.table, fault.place.as_str(), fault.what.as_str()),
        ("receipt_lines", "R-1/1", "has no evidence")
    );
}
