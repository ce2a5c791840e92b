//! What is committed is there again, whole; what contradicts it is refused, whole.

use super::*;

#[tokio::test]
async fn a_day_is_there_again_after_a_restart() {
    let shop = Shop::after_a_day().await;
    let db = shop.open().await;

    let stamp = db.last_stamp().await.expect("read").expect("a line");
    // Line 50 is a tick at 50 ms; line 49 was received at 52 ms, and time never goes back.
    assert_eq!((stamp.seq, stamp.now), (50, at(52)));

    let receipt = db.receipt("R-1").await.expect("read").expect("sold");
    let sold =
        Sale { tax_minor: 412, ..Sale::of(1, vec![line(1, TEE, "1", 4990), line(2, CAP, "007", 1500)]) };
    assert_eq!(receipt, sold.receipt(ReceiptStatus::Paid));
    assert_eq!(receipt.total_minor, 4990 + 1500 + 412);

    let known = db.shop().await.expect("folded");
    assert_eq!(known.receipts_numbered(), 2);
    assert_eq!(known.open_attempts().count(), 0);
    assert_eq!(known.unreleased().count(), 0);
    let key = engine::PieceKey { gtin: TEE.into(), serial: "2".into() };
    assert_eq!(known.piece(&key).expect("known").state, PieceState::Sold);

    let verified = db.verify().await.expect("sound");
    // Facts: 5 of the catalogue; 2 + 2 + 1 + 2 + 2 and 1 + 2 + 1 + 1 + 2 of the sales; 3 more.
    assert_eq!((verified.lines, verified.facts, verified.receipts, verified.pieces), (50, 24, 2, 3));
    // Three batches of lines; terminal, sales and tax of the first sale, terminal and sales of the second.
    assert_eq!((verified.rows, verified.entries, verified.dropped), (27, 5, 0));
}

#[tokio::test]
async fn the_recording_comes_out_as_it_went_in() {
    let db = Db::open("sqlite::memory:").await.expect("a database in memory");
    assert_eq!(db.last_stamp().await.expect("read"), None);
    let all = lines(1, 2500);
    db.commit(&Batch { lines: &all, facts: &[] }).await.expect("committed");
    let (mut after, mut back, mut calls) = (0, Vec::new(), 0);
    loop {
        let some = db.lines_after(after).await.expect("read");
        let Some((last, _)) = some.last() else { break };
        after = *last;
        calls += 1;
        back.extend(some);
    }
    assert!(back == all);
    assert_eq!(calls, 3, "at most 1,000 lines stand in one row");
    let tail = db.lines_after(1234).await.expect("read");
    assert_eq!(tail.first(), all.get(1234), "from the middle of a row on");
    assert!(db.lines_after(u64::MAX).await.expect("read").is_empty());
}

#[tokio::test]
async fn pages_and_the_api_find_what_they_ask_for() {
    let db = Db::open("sqlite::memory:").await.expect("a database in memory");
    a_day(&db).await;

    let page = db.receipts(Order::OldestFirst, None, 1).await.expect("read");
    assert_eq!((page.rows.first().map(|r| &*r.id), page.next), (Some("R-1"), Some(1)));
    let page = db.receipts(Order::OldestFirst, page.next, 1).await.expect("read");
    assert_eq!((page.rows.first().map(|r| &*r.id), page.next), (Some("R-2"), None));
    let page = db.receipts(Order::NewestFirst, None, 10).await.expect("read");
    assert_eq!(page.rows.iter().map(|r| &*r.number).collect::<Vec<_>>(), ["000002", "000001"]);

    let token = db.token_of("R-2").await.expect("read").expect("a token");
    assert_eq!(db.receipt_by_token(&token).await.expect("read").map(|r| r.id), Some("R-2".into()));
    assert_eq!(db.receipt_by_token("000002").await.expect("read"), None);
    assert_ne!(db.token_of("R-1").await.expect("read"), Some(token));

    let page = db.passages(Order::NewestFirst, None, 2).await.expect("read");
    assert_eq!(page.rows.iter().map(|p| &*p.id).collect::<Vec<_>>(), ["P-3", "P-2"]);
    let page = db.passages(Order::NewestFirst, page.next, 2).await.expect("read");
    assert_eq!(page.rows.iter().map(|p| &*p.id).collect::<Vec<_>>(), ["P-1"]);
    assert_eq!(db.passage("P-1").await.expect("read").and_then(|p| p.released), Some(true));
    assert_eq!(db.passage("P-9").await.expect("read"), None);
    let by_hand = db.needs_a_hand(None, 10).await.expect("read");
    assert_eq!(by_hand.rows.iter().map(|p| &*p.id).collect::<Vec<_>>(), ["P-3"]);

    let weighed = db.evidence_of_line("R-1", 2).await.expect("read");
    assert_eq!(weighed.iter().map(|e| e.gtin.as_deref()).collect::<Vec<_>>(), [Some(CAP)]);
    assert!(db.evidence_of_line("R-1", 3).await.expect("read").is_empty());
    assert_eq!(db.evidence_of_passage("P-1").await.expect("read").len(), 2);

    let alerts = db.alerts(Order::NewestFirst, None, 10).await.expect("read");
    assert_eq!(alerts.rows.iter().map(|a| &*a.text).collect::<Vec<_>>(), ["second", "first"]);

    let page = db.items(&StockFilter::default(), None, 2).await.expect("read");
    let (gtin, serial) = page.next.expect("one more");
    assert_eq!((&*gtin, &*serial), (TEE, "2"));
    let page = db.items(&StockFilter::default(), Some((&gtin, &serial)), 2).await.expect("read");
    assert_eq!(page.rows.iter().map(|i| (&*i.gtin, &*i.serial)).collect::<Vec<_>>(), [(CAP, "007")]);
    let in_stock = StockFilter { state: Some(PieceState::InStock), zone: None };
    assert!(db.items(&in_stock, None, 10).await.expect("read").rows.is_empty(), "all three are sold");

    let tee = db.item(TEE, "1").await.expect("read").expect("known");
    assert_eq!((tee.item.state, tee.item.unit_minor, tee.moves.len()), (PieceState::Sold, Some(4990), 1));
    assert_eq!(tee.item.since, at(121));
    assert!(db.item(CAP, "7").await.expect("read").is_none(), "a serial is text: 7 is not 007");

    let stock = db.stock().await.expect("read");
    let counts: Vec<_> = stock.iter().map(|s| (s.zone.as_deref(), s.state, s.pieces)).collect();
    assert_eq!(counts, [(Some("exit-1"), PieceState::Sold, 3)]);
    assert_eq!(db.product(CAP).await.expect("read").and_then(|p| p.unit_minor), Some(1500));
    assert_eq!(db.products(Some(TEE), 10).await.expect("read").rows.len(), 1);
}

#[tokio::test]
async fn a_refund_books_the_sale_back() {
    let shop = Shop::after_a_day().await;
    let db = shop.open().await;
    let sale = Sale::of(2, vec![line(1, TEE, "2", 4990)]);
    let back = [
        (51, Outcome::Receipt(sale.receipt(ReceiptStatus::Refunded))),
        (51, moved(300, TEE, "2", "floor-east", PieceState::InStock)),
    ];
    db.commit(&Batch { lines: &lines(51, 1), facts: &back }).await.expect("refunded");
    let verified = db.verify().await.expect("sound");
    assert_eq!(verified.entries, 5 + 2, "the second sale's two entries, reversed");
    let receipt = db.receipt("R-2").await.expect("read").expect("there");
    assert_eq!(receipt.status, ReceiptStatus::Refunded);
    let again = [(52, Outcome::Receipt(sale.receipt(ReceiptStatus::Paid)))];
    let error = db.commit(&Batch { lines: &lines(52, 1), facts: &again }).await.expect_err("no way back");
    assert!(error.to_string().contains("stays so"), "{error}");
}

#[tokio::test]
async fn what_contradicts_the_journal_is_refused_whole() {
    let shop = Shop::after_a_day().await;
    let db = shop.open().await;
    let before = db.verify().await.expect("sound");
    let piece = || vec![line(1, TEE, "2", 4990)];
    let mut changed = Sale::of(2, piece()).receipt(ReceiptStatus::Paid);
    changed.total_minor = 1;
    let mut unpaid = Sale::of(3, piece()).facts(51);
    unpaid.retain(|(_, fact)| !matches!(fact, Outcome::Attempt(_)));
    let nan = Passage { possible_missing: f64::NAN, ..passage("P-9", PassageOutcome::NoItems) };
    let basket = Basket {
        passage: "P-9".into(),
        lane: "exit-1".into(),
        status: BasketStatus::Open,
        lines: Vec::new(),
        total_minor: 0,
        holds: Vec::new(),
    };
    let cases = [
        ("lines have no gaps", 60, vec![]),
        ("the journal has lines 1 to 51", 51, vec![(52, alert(1, "of a line to come"))]),
        ("in the order of their lines", 51, vec![(50, alert(1, "late")), (49, alert(1, "early"))]),
        ("numbers have no gaps", 51, Sale::of(5, piece()).facts(51)),
        ("never changes", 51, vec![(51, Outcome::Receipt(changed))]),
        ("no attempt of passage P-3", 51, unpaid),
        (
            "does not say how much",
            51,
            vec![(51, Outcome::Receipt(Sale::of(2, piece()).receipt(ReceiptStatus::PartlyRefunded)))],
        ),
        ("could not be read back", 51, vec![(51, Outcome::Passage(nan))]),
        ("no fact", 51, vec![(51, Outcome::Basket(basket))]),
    ];
    for (reason, first, facts) in cases {
        let error = db.commit(&Batch { lines: &lines(first, 1), facts: &facts }).await.expect_err(reason);
        assert!(
            matches!(error, DbError::Refused(_)) && error.to_string().contains(reason),
            "{reason}: {error}"
        );
    }
    assert_eq!(db.verify().await.expect("sound"), before, "nothing of any of them was taken");
}

#[tokio::test]
async fn a_commit_that_is_dropped_halfway_leaves_all_or_nothing() {
    let shop = Shop::after_a_day().await;
    let db = shop.open().await;
    let batch_of = |first: u64| {
        let facts: Vec<(u64, Outcome)> = (0..40).map(|n| (first, alert(n, "many"))).collect();
        (lines(first, 300), facts)
    };
    let mut dropped = 0;
    for micros in (0..40).map(|n| n * 300) {
        let next = db.last_stamp().await.expect("read").expect("a line").seq + 1;
        let (lines, facts) = batch_of(next);
        let batch = Batch { lines: &lines, facts: &facts };
        let finished = tokio::time::timeout(Duration::from_micros(micros), db.commit(&batch)).await;
        let now = db.last_stamp().await.expect("read").expect("a line").seq;
        match finished {
            Ok(done) => {
                done.expect("committed");
                assert_eq!(now, next + 299);
            }
            Err(_) => {
                dropped += 1;
                assert!(now == next - 1 || now == next + 299, "line {now} after {next}");
            }
        }
    }
    assert!(dropped > 0, "no commit was ever cut off: the test proves nothing");
    db.verify().await.expect("sound");
}

#[tokio::test]
async fn what_a_killed_store_had_committed_is_there() {
    let shop = Shop::new();
    let db = shop.open().await;
    a_day(&db).await;
    // The files as they stand while the store runs: what a kill leaves behind, without any closing.
    let copy = Shop::new();
    std::fs::create_dir_all(copy.path().parent().expect("a folder")).expect("a folder");
    for end in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        std::fs::copy(name(&shop.path()), name(&copy.path())).expect("copied");
    }
    let left = Db::open_to_read(&copy.url()).await.expect("opens to read");
    assert_eq!(left.verify().await.expect("sound").receipts, 2);
    left.close().await;
    let left = copy.open().await;
    assert_eq!(left.last_stamp().await.expect("read").map(|stamp| stamp.seq), Some(50));
    left.commit(&Batch { lines: &lines(51, 1), facts: &[] }).await.expect("the store goes on");
    left.verify().await.expect("sound");
}

#[tokio::test]
async fn how_fast_a_thousand_lines_and_a_sale_are_safe() {
    let shop = Shop::new();
    let db = shop.open().await;
    let thousand = lines(1, 1000);
    let begun = Instant::now();
    db.commit(&Batch { lines: &thousand, facts: &[] }).await.expect("committed");
    println!("1,000 lines in one commit: {:?}", begun.elapsed());
    let stock: Vec<(u64, Outcome)> = (0..1000)
        .flat_map(|n| catalogue(TEE, "Tee", 4990, &[&n.to_string()]).into_iter().skip(1))
        .map(|fact| (1, fact))
        .collect();
    let begun = Instant::now();
    db.commit(&Batch { lines: &[], facts: &stock }).await.expect("committed");
    println!("1,000 facts in one commit: {:?}", begun.elapsed());
    let sale = Sale::of(1, vec![line(1, TEE, "1", 4990)]).facts(1000);
    let begun = Instant::now();
    db.commit(&Batch { lines: &[], facts: &sale }).await.expect("committed");
    println!("one sale: {:?}", begun.elapsed());
    let begun = Instant::now();
    let verified = db.verify().await.expect("sound");
    println!("proof of {} rows: {:?}", verified.rows, begun.elapsed());
}
