//! What can be opened, by whom, and what is said of what cannot.

use super::*;

#[tokio::test]
async fn only_one_store_writes_and_anybody_may_read_beside_it() {
    let shop = Shop::new();
    let first = shop.open().await;
    let error = Db::open(&shop.url()).await.expect_err("one writer");
    assert!(matches!(error, DbError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("portico.db: another portico"), "{error}");
    let beside = Db::open_to_read(&shop.url()).await.expect("a reader");
    a_day(&first).await;
    assert_eq!(beside.verify().await.expect("sound").receipts, 2);
    let error = beside.commit(&Batch::default()).await.expect_err("a reader");
    assert!(error.to_string().contains("only to read"), "{error}");
    beside.close().await;
    first.close().await;
    shop.open().await;
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path().display().to_string();
    std::fs::write(
        folder.path().join("text.db"),
        "this is no database, but long enough to be taken for one ".repeat(99),
    )
    .expect("written");
    std::fs::write(folder.path().join("file"), "in the way").expect("written");
    let cases = [
        ("postgres://user:secret@host/name".to_owned(), "sqlite://data/portico.db"),
        ("data/portico.db".to_owned(), "write `sqlite://`"),
        ("sqlite://".to_owned(), "missing"),
        ("sqlite://x.db?mode=ro".to_owned(), "options"),
        (format!("sqlite://{here}"), "folder"),
        (format!("sqlite://{here}/text.db"), "damaged"),
        (format!("sqlite://{here}/file/portico.db"), "file"),
    ];
    for (url, reason) in cases {
        let error = Db::open(&url).await.expect_err(&url).to_string();
        assert!(error.contains(reason), "{url}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let absent = format!("sqlite://{here}/absent.db");
    let error = Db::open_to_read(&absent).await.expect_err("nothing there").to_string();
    assert!(error.contains("absent.db"), "{error}");
    assert!(!folder.path().join("absent.db").exists(), "looking makes nothing");
}

#[tokio::test]
async fn a_damaged_file_is_told_and_never_sold_on() {
    let shop = Shop::after_a_day().await;
    let mut bytes = std::fs::read(shop.path()).expect("read");
    // Every page but the first two is overwritten in its middle.
    let pages = bytes.len() / 4096;
    assert!(pages > 10);
    for page in 2..pages {
        bytes.get_mut(page * 4096..page * 4096 + 200).expect("a page").fill(0xA5);
    }
    std::fs::write(shop.path(), bytes).expect("written");
    let error = Db::open(&shop.url()).await.expect_err("damaged");
    assert!(matches!(error, DbError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("portico.db: damaged"), "{error}");
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_alone() {
    let shop = Shop::after_a_day().await;
    shop.tamper(&["INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (999, 'of tomorrow', TRUE, x'00', 1)"])
        .await;
    for error in [Db::open(&shop.url()).await, Db::open_to_read(&shop.url()).await] {
        let error = error.expect_err("too new").to_string();
        assert!(error.contains("newer version"), "{error}");
    }
}
