//! What becomes of an emulated reader's words when the client does not take them: reports may be lost, counted and told;
//! answers never are.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "common/client.rs"]
mod client;

use client::{Client, Plan, tag};
use llrp::definitions::{enumerations as e, messages as m, parameters as p};
use llrp::server::{Profile, ServerEvent};
use llrp::{Element, Message};

const MORE_THAN_FIT: usize = 5_000;

fn overflows(heard: &[Message]) -> usize {
    let told = heard.iter().filter(|message| {
        let data = message.body.child(&p::ReaderEventNotificationData);
        data.is_some_and(|data| data.child(&p::ReportBufferOverflowErrorEvent).is_some())
    });
    told.count()
}

fn reports(heard: &[Message]) -> usize {
    heard.iter().filter(|message| message.is(&m::RO_ACCESS_REPORT)).count()
}

/// A client that has an inventory running and does not read what the reader makes of it.
fn inattentive(profile: Profile) -> Client {
    let mut client = Client::new(profile);
    client.server.place(tag(1));
    client.inventory();
    client.heard.clear();
    for _ in 0..MORE_THAN_FIT {
        client.server.singulate(client.now, 0, client::signal(1));
    }
    client
}

#[test]
fn a_client_that_does_not_read_loses_reports_but_no_answer() {
    let mut client = inattentive(Profile::default());
    for request in [&m::STOP_ROSPEC, &m::DELETE_ROSPEC] {
        client.send(Element::new(request).with("ROSpecID", 1_u32));
    }
    client.send(Element::new(&m::GET_REPORT));
    client.send(Element::new(&m::GET_ROSPECS));
    client.listen();
    assert_eq!(reports(&client.heard), 4_096);
    assert_eq!(client.server.dropped_reports() as usize, MORE_THAN_FIT - 4_096);
    assert_eq!(overflows(&client.heard), 1);
    let answers: Vec<_> = client
        .heard
        .iter()
        .filter(|message| message.id == 4242)
        .map(|message| message.definition().name)
        .collect();
    assert_eq!(answers, ["STOP_ROSPEC_RESPONSE", "DELETE_ROSPEC_RESPONSE", "GET_ROSPECS_RESPONSE"]);
    // Once it reads again it is told of the next loss too, and reports come.
    client.inventory();
    client.heard.clear();
    client.singulate(0);
    assert_eq!((reports(&client.heard), overflows(&client.heard)), (1, 0));
}

#[test]
fn all_that_was_kept_comes_with_the_first_report_that_is_asked_for() {
    let profile = Profile { max_buffered_reports: 10_000, ..Profile::default() };
    let mut client = Client::new(profile);
    client.server.place(tag(1));
    client.inventory();
    client.server.connection_lost();
    for _ in 0..MORE_THAN_FIT {
        client.server.singulate(client.now, 0, client::signal(1));
    }
    client.heard.clear();
    client.server.accept(client.now);
    client.send(Element::new(&m::GET_REPORT));
    client.send(Element::new(&m::DELETE_ROSPEC));
    client.listen();
    assert_eq!(reports(&client.heard), MORE_THAN_FIT);
    assert_eq!((client.server.dropped_reports(), overflows(&client.heard)), (0, 0));
    assert!(client.heard.last().unwrap().is(&m::DELETE_ROSPEC_RESPONSE));
}

#[test]
fn what_is_kept_while_nobody_listens_is_bounded_and_the_next_client_is_told_of_the_loss() {
    let mut client = Client::new(Profile { max_buffered_reports: 100, ..Profile::default() });
    client.server.place(tag(1));
    client.inventory();
    client.server.connection_lost();
    for second in 0..130 {
        client.now = client::seconds(f64::from(second));
        client.server.singulate(client.now, 0, client::signal(1));
    }
    client.heard.clear();
    client.server.accept(client.now);
    client.listen();
    assert_eq!((reports(&client.heard), overflows(&client.heard)), (100, 1));
    assert_eq!(client.server.dropped_reports(), 30);
}

#[test]
fn held_reports_wait_and_the_client_is_warned_before_any_are_lost() {
    let mut client = Client::new(Profile { max_buffered_reports: 100, ..Profile::default() });
    client.server.place(tag(1));
    let hold = Element::new(&p::EventsAndReports).with("HoldEventsAndReportsUponReconnect", true);
    let warning = Element::new(&p::EventNotificationState)
        .with("EventType", e::NotificationEventType::Report_Buffer_Fill_Warning)
        .with("NotificationState", true);
    let events = Element::new(&p::ReaderEventNotificationSpec).and(warning);
    client.ask(Element::new(&m::SET_READER_CONFIG).and(events).and(hold));
    client.server.connection_lost();
    client.server.accept(client.now);
    client.inventory();
    client.heard.clear();
    for _ in 0..90 {
        client.server.singulate(client.now, 0, client::signal(1));
    }
    client.listen();
    assert!(client.heard.is_empty());
    client.send(Element::new(&m::ENABLE_EVENTS_AND_REPORTS));
    client.listen();
    let data = client.heard.first().and_then(|first| first.body.child(&p::ReaderEventNotificationData));
    let level = data.and_then(|data| data.child(&p::ReportBufferLevelWarningEvent));
    assert_eq!(level.and_then(|level| level.unsigned("ReportBufferPercentageFull")), Some(80));
    assert_eq!(reports(&client.heard), 90);
}

#[test]
fn a_client_that_only_asks_and_never_reads_is_hung_up_on() {
    let mut client = Client::new(Profile::default());
    for _ in 0..100_000 {
        client.send(Element::new(&m::GET_ROSPECS));
    }
    let events: Vec<_> = std::iter::from_fn(|| client.server.poll_event()).collect();
    assert_eq!(events, [ServerEvent::Close]);
    assert_eq!(client.server.poll_output(), None, "nothing is kept for it");
}

#[test]
fn a_plan_without_end_reports_more_tags_than_one_message_holds() {
    let mut client = Client::new(Profile::default());
    for n in 0..1_200_u16 {
        let mut epc = client::EPC;
        epc[10..].copy_from_slice(&n.to_be_bytes());
        client.server.place(llrp::server::Tag::new(&epc));
    }
    let report = client::report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec, 0);
    client.ask(Plan { report, ..Plan::default() }.add(1));
    client.rospec(&m::ENABLE_ROSPEC, 1);
    client.rospec(&m::START_ROSPEC, 1);
    (0..1_200).for_each(|tag| client.singulate(tag));
    assert_eq!(client.tags().len(), 0, "not before its end");
    client.rospec(&m::STOP_ROSPEC, 1);
    assert_eq!(client.tags().len(), 1_200);
}

/// There are clients that take the first message with their request's ID for its answer.
#[test]
fn the_readers_own_messages_have_ids_that_clients_do_not_come_to() {
    let mut client = Client::new(Profile::default());
    client.server.place(tag(1));
    client.inventory();
    client.heard.clear();
    (0..50).for_each(|_| client.singulate(0));
    assert_eq!(client.heard.len(), 50);
    assert!(client.heard.iter().all(|report| report.id > 1_000_000), "{:?}", client.heard[0].id);
}
