//! When an emulated reader's ROSpecs begin and end, which one has the radio, and which tags an inventory asks for.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "common/client.rs"]
mod client;

use client::{CLOCK_US, Client, EPC, Plan, epc, report_spec, seconds, start, tag};
use llrp::definitions::{enumerations as e, messages as m, parameters as p};
use llrp::server::{Profile, ServerEvent};
use llrp::{Element, Value};

fn roomy() -> Profile {
    Profile { max_rospecs: 8, priorities: 8, ..Profile::default() }
}

fn added(profile: Profile, plan: Plan) -> Client {
    let mut client = Client::new(profile);
    client.server.place(tag(1));
    client.server.place(tag(2));
    assert_eq!(client.ask(plan.add(1)).0, 0);
    assert_eq!(client.rospec(&m::ENABLE_ROSPEC, 1), 0);
    client
}

fn immediate() -> Element {
    start(e::ROSpecStartTriggerType::Immediate)
}

fn duration(ms: u32) -> Element {
    Element::new(&p::ROSpecStopTrigger)
        .with("ROSpecStopTriggerType", e::ROSpecStopTriggerType::Duration)
        .with("DurationTriggerValue", ms)
}

fn gpi(port: u16, high: bool, timeout_ms: u32) -> Element {
    Element::new(&p::GPITriggerValue)
        .with("GPIPortNum", port)
        .with("GPIEvent", high)
        .with("Timeout", timeout_ms)
}

fn ai_stop(kind: u64) -> Element {
    Element::new(&p::AISpecStopTrigger).with("AISpecStopTriggerType", kind)
}

/// An AISpec that ends by what it sees; `set` fills the trigger in.
fn observing(kind: u64, set: impl Fn(Element) -> Element) -> Element {
    let trigger = set(Element::new(&p::TagObservationTrigger).with("TriggerType", kind));
    ai_stop(e::AISpecStopTriggerType::Tag_Observation).and(trigger)
}

fn runs(client: &Client) -> bool {
    client.server.inventory().is_some()
}

/// Tenths of a second, up to `last`, in which an inventory runs.
fn active(client: &mut Client, last: u32) -> Vec<u32> {
    (1..=last)
        .filter(|tenth| {
            client.pass(seconds(f64::from(*tenth) * 0.1 + 0.05));
            runs(client)
        })
        .collect()
}

fn events(client: &mut Client, kinds: &[u64]) {
    let states = kinds.iter().map(|kind| {
        Element::new(&p::EventNotificationState).with("EventType", *kind).with("NotificationState", true)
    });
    let spec = Element::new(&p::ReaderEventNotificationSpec).and_all(states);
    assert_eq!(client.ask(Element::new(&m::SET_READER_CONFIG).and(spec)).0, 0);
}

/// The `ROSpecEvent`s that were told: kind, ROSpec, and the one that preempted it.
fn rospec_events(client: &Client) -> Vec<(u64, u64, u64)> {
    let notifications = client
        .heard
        .iter()
        .filter_map(|message| message.body.child(&p::ReaderEventNotificationData)?.child(&p::ROSpecEvent));
    let number = |event: &Element, name: &str| event.unsigned(name).unwrap();
    notifications
        .map(|event| {
            (number(event, "EventType"), number(event, "ROSpecID"), number(event, "PreemptingROSpecID"))
        })
        .collect()
}

/// A run's duration counts from its start, however often its AISpec ends and begins anew.
#[test]
fn a_duration_ends_an_inventory_whose_specs_begin_again_and_again() {
    let one_tag = observing(e::TagObservationTriggerType::Upon_Seeing_N_Tags_Or_Timeout, |trigger| {
        trigger.with("NumberOfTags", 1_u16)
    });
    let plan = Plan {
        start: immediate(),
        stop: duration(2_000),
        ai_stop: one_tag,
        report: report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_AISpec, 1),
        ..Plan::default()
    };
    let mut client = added(Profile::default(), plan);
    let mut reported = 0;
    for tenth in 1..=40_u32 {
        client.pass(seconds(f64::from(tenth) * 0.1));
        client.singulate(0);
        reported += client.tags().len();
    }
    assert_eq!(reported, 19, "one a tenth of a second until two seconds have passed");
    assert!(!runs(&client));
}

#[test]
fn a_periodic_start_keeps_to_the_clock_that_it_names() {
    // The reader's clock is 10:00:00; the trigger counts from 09:59:59.3 in steps of two seconds, half a second late.
    let utc = Element::new(&p::UTCTimestamp).with("Microseconds", CLOCK_US - 700_000);
    let period =
        Element::new(&p::PeriodicTriggerValue).with("Offset", 500_u32).with("Period", 2_000_u32).and(utc);
    let start = start(e::ROSpecStartTriggerType::Periodic).and(period);
    let mut client = added(Profile::default(), Plan { start, stop: duration(500), ..Plan::default() });
    // 09:59:59.8 has gone by: 10:00:01.8 and 10:00:03.8 are next.
    assert_eq!(active(&mut client, 50), [18, 19, 20, 21, 22, 38, 39, 40, 41, 42]);

    let utc = Element::new(&p::UTCTimestamp).with("Microseconds", CLOCK_US + 6_000_000);
    let once = Element::new(&p::PeriodicTriggerValue).and(utc);
    let start = client::start(e::ROSpecStartTriggerType::Periodic).and(once);
    let mut client = added(Profile::default(), Plan { start, stop: duration(200), ..Plan::default() });
    assert_eq!(active(&mut client, 200), [60, 61], "without a period it is one start");
}

#[test]
fn a_clock_that_is_set_moves_the_starts_that_keep_to_it() {
    let utc = Element::new(&p::UTCTimestamp).with("Microseconds", CLOCK_US + 3_000_000);
    let once = Element::new(&p::PeriodicTriggerValue).and(utc);
    let start = || start(e::ROSpecStartTriggerType::Periodic).and(once.clone());
    let plan = || Plan { start: start(), stop: duration(200), ..Plan::default() };
    let mut ahead = added(Profile::default(), plan());
    ahead.server.set_clock(CLOCK_US + 2_000_000);
    assert_eq!(active(&mut ahead, 60), [10, 11]);
    let mut back = added(Profile::default(), plan());
    back.server.set_clock(CLOCK_US - 1_000_000);
    assert_eq!(active(&mut back, 60), [40, 41]);
}

#[test]
fn an_input_starts_an_inventory_and_an_input_or_its_timeout_ends_it() {
    let plan = Plan {
        start: start(e::ROSpecStartTriggerType::GPI).and(gpi(2, true, 0)),
        stop: Element::new(&p::ROSpecStopTrigger)
            .with("ROSpecStopTriggerType", e::ROSpecStopTriggerType::GPI_With_Timeout)
            .and(gpi(2, false, 1_000)),
        ..Plan::default()
    };
    let mut client = added(Profile::default(), plan);
    events(&mut client, &[e::NotificationEventType::GPI_Event]);
    client.server.set_gpi(client.now, 1, true);
    assert!(!runs(&client), "another input");
    client.server.set_gpi(client.now, 2, true);
    assert!(runs(&client));
    client.server.set_gpi(client.now, 2, false);
    assert!(!runs(&client));
    client.server.set_gpi(client.now, 2, true);
    assert_eq!(active(&mut client, 20).len(), 9, "until the timeout");
    client.listen();
    let told = client.heard.iter().filter_map(|message| {
        let event = message.body.child(&p::ReaderEventNotificationData)?.child(&p::GPIEvent)?;
        Some((event.unsigned("GPIPortNumber")?, event.flag("GPIEvent")))
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(1, true), (2, true), (2, false), (2, true)]);
}

#[test]
fn an_ai_spec_ends_by_time_and_by_an_input() {
    let stop = ai_stop(e::AISpecStopTriggerType::Duration).with("DurationTrigger", 500_u32);
    let mut client = added(Profile::default(), Plan { ai_stop: stop, ..Plan::default() });
    client.rospec(&m::START_ROSPEC, 1);
    assert_eq!(active(&mut client, 10), [1, 2, 3, 4]);

    let by_input = || ai_stop(e::AISpecStopTriggerType::GPI_With_Timeout).and(gpi(1, true, 700));
    let mut client = added(Profile::default(), Plan { ai_stop: by_input(), ..Plan::default() });
    client.rospec(&m::START_ROSPEC, 1);
    assert_eq!(active(&mut client, 10), [1, 2, 3, 4, 5, 6], "its timeout");
    client.rospec(&m::START_ROSPEC, 1);
    client.server.set_gpi(client.now, 1, true);
    assert!(!runs(&client));
}

#[test]
fn an_ai_spec_ends_by_what_it_sees() {
    use e::TagObservationTriggerType as T;
    let running = |stop: Element| {
        let mut client = added(Profile::default(), Plan { ai_stop: stop, ..Plan::default() });
        client.rospec(&m::START_ROSPEC, 1);
        client
    };
    let three = |trigger: Element| trigger.with("NumberOfTags", 2_u16).with("Timeout", 900_u32);

    let mut client = running(observing(T::Upon_Seeing_N_Tags_Or_Timeout, three));
    client.singulate(0);
    assert!(runs(&client));
    client.singulate(0);
    assert!(!runs(&client), "two sightings");

    let mut client = running(observing(T::Upon_Seeing_N_Unique_Tags_Or_Timeout, three));
    (0..5).for_each(|_| client.singulate(0));
    assert!(runs(&client), "always the same");
    client.singulate(1);
    assert!(!runs(&client), "two tags");

    let mut client = running(observing(T::Upon_Seeing_N_Tags_Or_Timeout, three));
    assert_eq!(active(&mut client, 12).len(), 8, "nothing seen: its timeout");

    let quiet = |trigger: Element| trigger.with("T", 300_u16);
    let mut client = running(observing(T::Upon_Seeing_No_More_New_Tags_For_Tms_Or_Timeout, quiet));
    for (at, tag) in [(0.2, 0), (0.4, 1), (0.6, 0)] {
        client.pass(seconds(at));
        assert!(runs(&client), "{at} s");
        client.singulate(tag);
    }
    client.pass(seconds(0.69));
    assert!(runs(&client));
    client.pass(seconds(0.71));
    assert!(!runs(&client), "0.3 s after the last new tag");

    let attempts = |trigger: Element| trigger.with("NumberOfAttempts", 3_u16);
    let mut client = running(observing(T::N_Attempts_To_See_All_Tags_In_FOV_Or_Timeout, attempts));
    for _ in 0..3 {
        assert!(runs(&client));
        client.server.round_over(client.now);
    }
    assert!(!runs(&client), "three rounds");
}

#[test]
fn triggers_that_lack_their_values_are_refused() {
    let mut client = Client::new(Profile::default());
    for plan in [
        Plan { start: start(e::ROSpecStartTriggerType::Periodic), ..Plan::default() },
        Plan { start: start(e::ROSpecStartTriggerType::GPI), ..Plan::default() },
        Plan { ai_stop: ai_stop(e::AISpecStopTriggerType::Tag_Observation), ..Plan::default() },
        Plan { ai_stop: ai_stop(e::AISpecStopTriggerType::GPI_With_Timeout), ..Plan::default() },
    ] {
        assert_eq!(client.ask(plan.add(1)).0, e::StatusCode::M_MissingParameter);
    }
    let input = start(e::ROSpecStartTriggerType::GPI).and(gpi(9, true, 0));
    assert_eq!(client.ask(Plan { start: input, ..Plan::default() }.add(1)).0, e::StatusCode::M_FieldError);
}

#[test]
fn a_survey_is_refused_by_a_reader_that_says_it_makes_none() {
    let mut client = Client::new(Profile::default());
    let (_, answer) = client.ask(Element::new(&m::GET_READER_CAPABILITIES));
    assert!(!answer.body.child(&p::LLRPCapabilities).unwrap().flag("CanDoRFSurvey"));
    let survey = Element::new(&p::RFSurveySpec)
        .with("AntennaID", 1_u16)
        .and(Element::new(&p::RFSurveySpecStopTrigger));
    let mut add = Plan::default().add(1);
    add.parameters[0].parameters.insert(1, survey);
    let (status, answer) = client.ask(add);
    assert_eq!(status, e::StatusCode::M_ParameterError);
    let place = answer.body.child(&p::LLRPStatus).unwrap().child(&p::ParameterError).unwrap();
    assert_eq!(place.unsigned("ParameterType"), Some(187));
    assert_eq!(place.unsigned("ErrorCode"), Some(e::StatusCode::P_UnsupportedParameter));
}

#[test]
fn a_rospec_of_higher_priority_takes_the_radio_and_gives_it_back() {
    use e::ROSpecEventType as T;
    let mut client = Client::new(roomy());
    events(&mut client, &[e::NotificationEventType::ROSpec_Event]);
    client.ask(Plan { start: immediate(), priority: 5, ..Plan::default() }.add(10));
    client.ask(Plan { priority: 1, stop: duration(1_000), ..Plan::default() }.add(20));
    client.ask(Plan { priority: 5, ..Plan::default() }.add(30));
    for id in [10, 20, 30] {
        assert_eq!(client.rospec(&m::ENABLE_ROSPEC, id), 0);
    }
    let current = |client: &Client| client.server.inventory().map(|inventory| inventory.rospec_id);
    assert_eq!(current(&client), Some(10));
    assert_eq!(
        client.rospec(&m::START_ROSPEC, 30),
        e::StatusCode::M_FieldError,
        "no higher than the one that runs"
    );
    assert_eq!(client.rospec(&m::START_ROSPEC, 20), 0);
    assert_eq!(current(&client), Some(20));
    let (_, listed) = client.ask(Element::new(&m::GET_ROSPECS));
    let states: Vec<_> =
        listed.body.children(&p::ROSpec).map(|rospec| rospec.unsigned("CurrentState").unwrap()).collect();
    assert_eq!(states, [e::ROSpecState::Inactive, e::ROSpecState::Active, e::ROSpecState::Inactive]);
    client.pass(seconds(1.5));
    assert_eq!(current(&client), Some(10), "it is to run whenever it can");
    assert_eq!(
        rospec_events(&client),
        [
            (T::Start_Of_ROSpec, 10, 0),
            (T::Preemption_Of_ROSpec, 10, 20),
            (T::Start_Of_ROSpec, 20, 0),
            (T::End_Of_ROSpec, 20, 0),
            (T::Start_Of_ROSpec, 10, 0),
        ]
    );
    let wrong = Plan { priority: 8, ..Plan::default() }.add(40);
    assert_eq!(client.ask(wrong).0, e::StatusCode::M_FieldError, "there are eight priorities");
}

#[test]
fn inventories_of_one_priority_take_turns() {
    let mut client = Client::new(roomy());
    let turn = || ai_stop(e::AISpecStopTriggerType::Duration).with("DurationTrigger", 100_u32);
    for id in 1..=3 {
        client.ask(Plan { start: immediate(), ai_stop: turn(), ..Plan::default() }.add(id));
        client.rospec(&m::ENABLE_ROSPEC, id);
    }
    let order: Vec<u32> = (0..6)
        .map(|tenth| {
            client.pass(seconds(f64::from(tenth) * 0.1 + 0.05));
            client.server.inventory().unwrap().rospec_id
        })
        .collect();
    assert_eq!(order, [1, 2, 3, 1, 2, 3]);
    assert_eq!(client.rospec(&m::DELETE_ROSPEC, 0), 0);
    let ended = std::iter::from_fn(|| client.server.poll_event());
    assert!(matches!(ended.last(), Some(ServerEvent::Stopped { .. })), "deleting all starts none of them");
}

/// The R420 answers so; a client that stops twice must come through with DISABLE_ROSPEC.
#[test]
fn an_active_rospec_is_disabled_and_a_second_stop_is_a_field_error() {
    let mut client = added(Profile::default(), Plan::default());
    client.rospec(&m::START_ROSPEC, 1);
    assert_eq!(client.rospec(&m::STOP_ROSPEC, 1), 0);
    assert_eq!(client.rospec(&m::STOP_ROSPEC, 1), e::StatusCode::M_FieldError);
    client.rospec(&m::START_ROSPEC, 1);
    assert_eq!(client.rospec(&m::DISABLE_ROSPEC, 0), 0);
    assert!(!runs(&client));
    assert_eq!(client.rospec(&m::DISABLE_ROSPEC, 1), 0);
}

#[test]
fn reports_come_when_their_trigger_says() {
    use e::ROReportTriggerType as T;
    // Sightings after which a report has come, of four, then how many entries come with the end.
    for (trigger, n, after_sightings, at_end) in [
        (T::None, 1, vec![], 0),
        (T::Upon_N_Tags_Or_End_Of_ROSpec, 2, vec![2, 4], 0),
        (T::Upon_N_Tags_Or_End_Of_ROSpec, 3, vec![3], 1),
        (T::Upon_N_Tags_Or_End_Of_ROSpec, 0, vec![], 4),
        (T::Upon_N_Tags_Or_End_Of_AISpec, 0, vec![], 4),
    ] {
        let mut client = Client::new(Profile::default());
        for n in 0..4 {
            client.server.place(tag(n));
        }
        client.ask(Plan { report: report_spec(trigger, n), ..Plan::default() }.add(1));
        client.rospec(&m::ENABLE_ROSPEC, 1);
        client.rospec(&m::START_ROSPEC, 1);
        let mut came = Vec::new();
        for tag in 0..4 {
            client.singulate(tag);
            if !client.tags().is_empty() {
                came.push(tag + 1);
            }
        }
        assert_eq!(came, after_sightings, "trigger {trigger}, N {n}");
        client.rospec(&m::STOP_ROSPEC, 1);
        assert_eq!(client.tags().len(), at_end, "trigger {trigger}, N {n}");
        client.send(Element::new(&m::GET_REPORT));
        client.listen();
        let left = if trigger == T::None { 4 } else { 0 };
        assert_eq!(client.tags().len(), left, "trigger {trigger}: what is asked for");
    }
}

#[test]
fn a_report_that_is_asked_for_comes_even_when_it_is_empty() {
    let mut client = Client::new(Profile::default());
    client.heard.clear();
    client.send(Element::new(&m::GET_REPORT));
    client.listen();
    assert!(client.heard.last().unwrap().is(&m::RO_ACCESS_REPORT));
}

fn filter(bank: u8, pointer: u16, bytes: &[u8]) -> Element {
    let mask = Element::new(&p::C1G2TagInventoryMask)
        .with("MB", bank)
        .with("Pointer", pointer)
        .with("TagMask", Value::bits(bytes));
    Element::new(&p::C1G2Filter).with("T", e::C1G2TruncateAction::Do_Not_Truncate).and(mask)
}

fn unaware(filter: Element, action: u64) -> Element {
    filter.and(Element::new(&p::C1G2TagInventoryStateUnawareFilterAction).with("Action", action))
}

fn aware(filter: Element, target: u64, action: u64) -> Element {
    let action = Element::new(&p::C1G2TagInventoryStateAwareFilterAction)
        .with("Target", target)
        .with("Action", action);
    filter.and(action)
}

#[test]
fn filters_pick_the_tags_that_are_asked() {
    use e::{C1G2StateAwareAction as W, C1G2StateAwareTarget as T, C1G2StateUnawareAction as U};
    let last = |n: u8| filter(1, 0x20 + 88, &[n]);
    let command = |filters: Vec<Element>| Element::new(&p::C1G2InventoryCommand).and_all(filters);
    let state_aware = |filters: Vec<Element>, at_b: bool, not_sl: bool| {
        let action =
            Element::new(&p::C1G2TagInventoryStateAwareSingulationAction).with("I", at_b).with("S", not_sl);
        let control = Element::new(&p::C1G2SingulationControl).with("Session", 2_u8).and(action);
        command(filters).with("TagInventoryStateAware", true).and(control)
    };
    let cases = [
        ("a prefix", command(vec![unaware(filter(1, 0x20, &EPC[..4]), U::Select_Unselect)]), vec![1, 2, 3]),
        ("one", command(vec![unaware(last(2), U::Select_Unselect)]), vec![2]),
        ("without an action", command(vec![last(2)]), vec![2]),
        (
            "two",
            command(vec![unaware(last(2), U::Select_Unselect), unaware(last(3), U::Select_DoNothing)]),
            vec![2, 3],
        ),
        ("all but one", command(vec![unaware(last(2), U::Unselect_Select)]), vec![1, 3]),
        ("the same", command(vec![unaware(last(2), U::Unselect_DoNothing)]), vec![1, 3]),
        (
            "one of many",
            command(vec![
                unaware(filter(1, 0x20, &EPC[..4]), U::Select_Unselect),
                unaware(last(1), U::Unselect_DoNothing),
            ]),
            vec![2, 3],
        ),
        ("by TID", command(vec![unaware(filter(2, 88, &[3]), U::Select_Unselect)]), vec![3]),
        (
            "SL up",
            state_aware(vec![aware(last(2), T::SL, W::AssertSLOrA_DeassertSLOrB)], false, false),
            vec![2],
        ),
        (
            "SL down",
            state_aware(vec![aware(last(2), T::SL, W::AssertSLOrA_DeassertSLOrB)], false, true),
            vec![1, 3],
        ),
        (
            "inventoried flag at B",
            state_aware(
                vec![
                    aware(filter(1, 0x20, &[0x30]), T::SL, W::AssertSLOrA_Noop),
                    aware(last(3), T::Inventoried_State_For_Session_S2, W::DeassertSLOrB_Noop),
                ],
                true,
                false,
            ),
            vec![3],
        ),
    ];
    for (what, command, expected) in cases {
        let mut client = Client::new(Profile::default());
        for n in 1..=3 {
            client.server.place(tag(n));
        }
        client.ask(Plan { command, ..Plan::default() }.add(1));
        client.rospec(&m::ENABLE_ROSPEC, 1);
        client.rospec(&m::START_ROSPEC, 1);
        (0..3).for_each(|tag| client.singulate(tag));
        let reported: Vec<u8> = client.tags().iter().map(|entry| epc(entry)[11]).collect();
        assert_eq!(reported, expected, "{what}");
    }
}

#[test]
fn the_version_is_set_once_and_holds_from_then_on() {
    use e::StatusCode as S;
    let mut client = Client::new(Profile { max_version: 2, ..Profile::default() });
    let (_, answer) = client.ask(Element::new(&m::GET_SUPPORTED_VERSION));
    assert_eq!(answer.body.unsigned("SupportedVersion"), Some(2));
    assert_eq!(answer.body.unsigned("CurrentVersion"), Some(1));
    let set = |version: u8| Element::new(&m::SET_PROTOCOL_VERSION).with("ProtocolVersion", version);
    assert_eq!(client.ask(set(3)).0, S::M_UnsupportedVersion);
    assert_eq!(client.ask(set(2)).0, 0);
    let (status, answer) = client.ask(Element::new(&m::GET_ROSPECS));
    assert!(answer.is(&m::ERROR_MESSAGE), "1.0.1 after 1.1 was agreed on");
    assert_eq!(status, S::M_UnsupportedVersion);
    client.version = 2;
    let (status, answer) = client.ask(Element::new(&m::GET_ROSPECS));
    assert_eq!((status, answer.version), (0, 2));
    assert_eq!(client.ask(set(2)).0, S::M_UnexpectedMessage);

    let mut older = Client::new(Profile::default());
    let (status, answer) = older.ask(Element::new(&m::GET_SUPPORTED_VERSION));
    assert!(answer.is(&m::ERROR_MESSAGE));
    assert_eq!(status, S::M_UnsupportedMessage);
}
