//! The return on investment, reckoned by hand.

use super::*;

fn sure(value: f64) -> Estimate {
    Estimate { low: value, mid: value, high: value }
}

fn between(low: f64, mid: f64, high: f64) -> Estimate {
    Estimate { low, mid, high }
}

/// A shop that has said everything: 100 passages on 300 days, 2 pieces of 50.00 each: 30,000 passages, 60,000 pieces, 3 million
/// of sales a year.
fn shop() -> Shop {
    Shop {
        passages_a_day: Some(100),
        days_a_year: Some(300),
        pieces_a_passage: Some(2.0),
        price_minor: Some(5_000),
        margin: Some(0.6),
        shrink: Some(0.02),
        carried_out: Some(0.5),
        recovered: Some(0.5),
        till_hour_minor: Some(2_400),
        saved_s: Some(60.0),
        tag_minor: Some(5),
        upkeep: Some(0.1),
        life_years: Some(5),
    }
}

const MISTAKES: Mistakes = Mistakes { wrong_charge_minor: Some(20_000), ask_minor: Some(100) };

fn gate() -> Vec<Bought> {
    let line = |what: &str, count, each_minor| Bought { what: what.into(), count, each_minor };
    vec![line("readers", 1, 120_000), line("antennas", 4, 15_000), line("hanging them", 4, 5_000)]
}

fn simulated() -> Simulated {
    Simulated { read: sure(0.9), missed: sure(0.001), wrong_lines: sure(0.00005), asked: sure(0.05) }
}

/// By hand. Till: 30,000 × 60 s are 500 h, 24.00 each, of 95 % of passages: 11,400.00. Theft: of 3,000,000.00 of sales 40 % is
/// cost, 2 % of that shrink, half carried out, half of what is noticed stays, 90 % is read: 5,400.00. Costs: 0.1 % of sales
/// 3,000.00; 3 wrong charges of 200.00; 1,500 calls of 1.00; 60,000 tags of 0.05; a tenth of the 2,000.00 bought.
#[test]
fn a_year_adds_up_as_by_hand() {
    let year = returns(&shop(), MISTAKES, &simulated(), &gate()).expect("figures that can be");
    assert_eq!(year.investment_minor, 200_000);
    let amounts = |items: &[Item]| items.iter().map(|item| (item.what, item.minor.mid)).collect::<Vec<_>>();
    assert_eq!(amounts(&year.gains), [("time at the till", 1_140_000), ("theft that is noticed", 540_000)]);
    assert_eq!(
        amounts(&year.costs),
        [
            ("pieces that leave unpaid", 300_000),
            ("wrong charges", 60_000),
            ("staff called", 150_000),
            ("tags", 300_000),
            ("upkeep", 20_000)
        ]
    );
    assert_eq!(year.yearly, Range::sure(850_000));
    // 200,000 of 850,000 a year: 2.8 months, so in the third.
    assert_eq!(year.payback_months, Payback { best: Some(3), mid: Some(3), worst: Some(3) });
    assert_eq!(year.three_years.mid, 3 * 850_000 - 200_000);
    assert!(year.assumed.is_empty());
}

#[test]
fn who_loses_by_it_is_shown_no_payback() {
    let unread = Simulated { missed: sure(0.05), ..simulated() };
    let year = returns(&shop(), MISTAKES, &unread, &gate()).expect("figures that can be");
    assert!(year.yearly.high < 0, "{year:?}");
    assert_eq!(year.payback_months, Payback { best: None, mid: None, worst: None });
    let json = serde_json::to_value(&year).expect("JSON");
    assert!(json["payback_months"]["mid"].is_null());
    let told = year.told(&|minor| format!("{}.{:02}", minor / 100, minor % 100));
    assert!(told.contains("never: nothing is gained") && !told.contains("months"), "{told}");
    let nothing = returns_of_change(&shop(), sure(0.0), &[]).expect("figures that can be");
    assert_eq!((nothing.yearly.mid, nothing.payback_months.mid), (0, None));
}

/// Each end goes the way that is worse, or better, for the shop: 20,000 to 80,000 for a tenth to a fourth more.
#[test]
fn intervals_carry_through_and_the_worse_end_may_never_pay() {
    let unsure =
        Simulated { read: between(0.8, 0.9, 1.0), missed: between(0.0, 0.001, 0.004), ..simulated() };
    let year = returns(&shop(), MISTAKES, &unsure, &gate()).expect("figures that can be");
    // Read: 600,000 in all, so a tenth is 60,000. Missed: a thousandth of sales is 300,000.
    assert_eq!(year.yearly.mid, 850_000);
    assert_eq!(year.yearly.low, 850_000 - 60_000 - 900_000);
    assert_eq!(year.yearly.high, 850_000 + 60_000 + 300_000);
    assert_eq!((year.payback_months.worst, year.payback_months.best), (None, Some(2)));
    let told = year.told(&|minor| format!("€{}", minor / 100));
    assert!(
        told.contains("€8500 [€-1100 to €12100]") && told.contains("after 3 months [2 months to never]"),
        "{told}"
    );
    let asked = Simulated { asked: between(0.0, 0.05, 0.1), ..simulated() };
    let year = returns(&shop(), MISTAKES, &asked, &gate()).expect("figures that can be");
    // 5 % of passages: 60,000 at the till and 150,000 for the calls, both the same way.
    assert_eq!((year.yearly.low, year.yearly.high), (850_000 - 210_000, 850_000 + 210_000));
}

#[test]
fn what_does_not_last_three_years_is_bought_again() {
    let brief = Shop { life_years: Some(2), ..shop() };
    let year = returns(&brief, MISTAKES, &simulated(), &gate()).expect("figures that can be");
    assert_eq!(year.three_years.mid, 3 * 850_000 - 2 * 200_000);
}

/// A change that saves 10.00 in a thousand passages saves 300.00 a year of 30,000; upkeep of 500.00 takes 50.00.
#[test]
fn a_change_is_worth_what_its_mistakes_cost_less() {
    let bought = [Bought { what: "antennas".into(), count: 1, each_minor: 50_000 }];
    let year =
        returns_of_change(&shop(), between(-200.0, 1_000.0, 2_200.0), &bought).expect("figures that can be");
    assert_eq!(year.yearly, Range { low: -11_000, mid: 25_000, high: 61_000 });
    assert_eq!(year.payback_months, Payback { best: Some(10), mid: Some(24), worst: None });
}

#[test]
fn what_the_shop_did_not_say_is_named_with_its_source() {
    let year = returns(&Shop { shrink: None, saved_s: None, ..shop() }, MISTAKES, &simulated(), &gate())
        .expect("figures that can be");
    let keys: Vec<&str> = year.assumed.iter().map(|figure| figure.key).collect();
    assert_eq!(keys, ["shrink", "saved_s"]);
    assert!(year.assumed.iter().all(|f| f.source.contains("assumed") || f.source.contains("Survey")));
    let silent = returns_of_change(&Shop::default(), sure(1.0), &[]).expect("figures that can be");
    assert_eq!(silent.assumed.iter().map(|f| f.key).collect::<Vec<_>>(), OF_CHANGE);
}

#[test]
fn too_much_and_nonsense_are_refused_by_name() {
    let rich = Shop { price_minor: Some(i64::MAX), ..shop() };
    let error = returns(&rich, MISTAKES, &simulated(), &gate()).expect_err("beyond counting").to_string();
    assert!(error.contains("sales of a year") && error.contains("zero too many"), "{error}");
    let dear = [Bought { what: "readers".into(), count: i64::MAX, each_minor: 2 }];
    assert!(returns(&shop(), MISTAKES, &simulated(), &dear).is_err());
    for (wrong, key) in [
        (Shop { margin: Some(60.0), ..shop() }, "margin"),
        (Shop { shrink: Some(f64::NAN), ..shop() }, "shrink"),
        (Shop { life_years: Some(0), ..shop() }, "life_years"),
        (Shop { price_minor: Some(-1), ..shop() }, "price_minor"),
    ] {
        let error = returns(&wrong, MISTAKES, &simulated(), &gate()).expect_err("cannot be").to_string();
        assert!(error.contains(&format!("investment, {key} = ")), "{error}");
    }
    let odd = Simulated { read: between(0.9, 0.8, 1.0), ..simulated() };
    assert!(returns(&shop(), MISTAKES, &odd, &gate()).is_err());
}
