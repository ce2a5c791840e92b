//! A client's session against readers that misbehave, in virtual time: every detour of its way to an inventory that holds.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod fake;

use std::time::Duration;

use fake::{Fake, World, status};
use llrp::Element;
use llrp::definitions::vendors::{self as v, IMPINJ};
use llrp::definitions::{enumerations as e, messages as m, parameters as p};
use llrp::session::{Antenna, DownReason, Event, Inventory, Settings, Start};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn negotiating() -> Settings {
    Settings { negotiate_version: true, ..Settings::default() }
}

#[test]
fn a_reader_of_1_1_is_spoken_to_in_1_1() {
    let mut world = World::new(Fake { supports: 2, ..Fake::default() }, negotiating());
    world.settle();
    assert!(world.is_up());
    assert_eq!(world.session.version(), 2);
    let later = world.reader.asked.iter().skip_while(|asked| !asked.is(&m::GET_READER_CAPABILITIES));
    assert!(later.clone().count() > 4 && later.clone().all(|asked| asked.version == 2));
}

#[test]
fn a_reader_of_1_0_1_refuses_in_one_of_three_ways_and_is_spoken_to_in_1_0_1() {
    let unsupported = e::StatusCode::M_UnsupportedVersion;
    let refusals: [fn(&mut Fake); 3] = [
        |reader| reader.refuses.push((&m::GET_SUPPORTED_VERSION, e::StatusCode::M_UnsupportedVersion)),
        |reader| reader.errors.push((&m::GET_SUPPORTED_VERSION, e::StatusCode::M_UnsupportedVersion)),
        |reader| {
            reader.errors_of_its_own.push((&m::GET_SUPPORTED_VERSION, e::StatusCode::M_UnsupportedMessage))
        },
    ];
    for refuse in refusals {
        let mut reader = Fake::default();
        refuse(&mut reader);
        let mut world = World::new(reader, negotiating());
        world.settle();
        assert!(world.is_up(), "{unsupported}: {:?}", world.told);
        assert_eq!(world.session.version(), 1);
        assert!(!world.session.version_unanswered());
        let later = world.reader.asked.iter().skip_while(|asked| !asked.is(&m::GET_READER_CAPABILITIES));
        assert!(later.clone().all(|asked| asked.version == 1));
    }
}

#[test]
fn a_reader_that_will_not_switch_stays_with_the_old_version() {
    let mut reader = Fake { supports: 2, ..Fake::default() };
    reader.refuses.push((&m::SET_PROTOCOL_VERSION, e::StatusCode::M_UnsupportedVersion));
    let mut world = World::new(reader, negotiating());
    world.settle();
    assert!(world.is_up() && world.session.version() == 1);
}

#[test]
fn a_reader_that_is_silent_about_its_version_is_waited_for_two_seconds_and_not_asked_again() {
    let mut reader = Fake::default();
    reader.ignores.push(&m::GET_SUPPORTED_VERSION);
    let mut world = World::new(reader, negotiating());
    world.settle();
    // What a host sees that loses the connection over the question.
    assert!(world.session.version_unanswered());
    world.pass(SECOND);
    assert!(!world.is_up());
    world.pass(SECOND);
    assert!(world.is_up() && world.session.version_unanswered());
}

#[test]
fn the_one_slot_of_an_r420_is_freed_although_it_cannot_delete_all_at_once() {
    let mut reader = Fake { slots: 1, deletes_all: false, deletes_running: false, ..Fake::default() };
    reader.rospecs.push((7, e::ROSpecState::Active));
    let mut world = World::new(reader, Settings::default());
    world.settle();
    assert!(world.is_up(), "{:?}", world.told);
    assert_eq!(world.reader.rospecs, [(1, e::ROSpecState::Active)]);
    assert!(world.degraded().is_empty(), "nothing is missing then");
}

#[test]
fn a_stop_of_what_does_not_run_is_an_error_of_no_importance() {
    let mut reader = Fake { slots: 1, deletes_all: false, deletes_running: false, ..Fake::default() };
    // Neither running nor deletable before it is disabled; STOP_ROSPEC is then answered with a FieldError.
    reader.rospecs.push((7, e::ROSpecState::Inactive));
    let mut world = World::new(reader, Settings::default());
    world.settle();
    assert!(world.is_up(), "{:?}", world.told);
    assert!(world.reader.asked.iter().any(|asked| asked.is(&m::STOP_ROSPEC)));
}

#[test]
fn a_reader_that_says_that_all_is_deleted_and_keeps_it_is_looked_into() {
    let mut reader = Fake { slots: 1, lies_about_deleting: true, ..Fake::default() };
    reader.rospecs.push((7, e::ROSpecState::Inactive));
    let mut world = World::new(reader, Settings::default());
    world.settle();
    assert!(world.is_up(), "{:?}", world.told);
    assert_eq!(world.reader.rospecs, [(1, e::ROSpecState::Active)]);
    assert!(
        world.degraded().is_empty(),
        "it was the place that was missing, not a wish: {:?}",
        world.degraded()
    );
}

#[test]
fn what_another_client_left_to_be_done_with_tags_is_deleted_one_by_one_where_it_must() {
    let mut reader = Fake { deletes_all: false, ..Fake::default() };
    reader.accessspecs = vec![3, 4];
    let mut world = World::new(reader, Settings::default());
    world.settle();
    assert!(world.is_up() && world.reader.accessspecs.is_empty());

    let mut reader = Fake { deletes_all: false, ..Fake::default() };
    reader.accessspecs = vec![3];
    reader.refuses.push((&m::DELETE_ACCESSSPEC, e::StatusCode::R_DeviceError));
    let mut world = World::new(reader, Settings::default());
    world.settle();
    assert!(world.is_up());
    assert_eq!(world.degraded().len(), 1, "{:?}", world.degraded());
    assert!(world.degraded()[0].contains("writes to tags"));
}

#[test]
fn a_connection_that_exists_already_ends_the_session_with_advice() {
    use e::ConnectionAttemptStatusType as S;
    for status in [
        S::Failed_A_Reader_Initiated_Connection_Already_Exists,
        S::Failed_A_Client_Initiated_Connection_Already_Exists,
        S::Another_Connection_Attempted,
    ] {
        let mut world = World::new(Fake { greets_with: status, ..Fake::default() }, Settings::default());
        world.settle();
        let reason = world.down().unwrap();
        assert!(matches!(reason, DownReason::AlreadyConnected(_)));
        let words = reason.to_string();
        assert!(words.contains("stop the other client") && words.contains("wait"), "{words}");
        assert!(world.reader.asked.is_empty());
    }
}

#[test]
fn an_inventory_that_ends_again_and_again_is_started_once_a_second_and_no_more() {
    let mut world = World::new(Fake { ends_at_once: true, ..Fake::default() }, Settings::default());
    world.settle();
    world.pass(10 * SECOND);
    let starts = world.reader.asked.iter().filter(|asked| asked.is(&m::START_ROSPEC)).count();
    assert!((10..=13).contains(&starts), "{starts} starts in ten seconds");
    assert_eq!(world.down(), None);
}

#[test]
fn an_inventory_that_ended_without_a_word_is_found_out_and_goes_on() {
    for (left, requests) in [
        (Some(e::ROSpecState::Inactive), vec![&m::START_ROSPEC]),
        (Some(e::ROSpecState::Disabled), vec![&m::ENABLE_ROSPEC, &m::START_ROSPEC]),
        (None, vec![&m::ADD_ROSPEC, &m::ENABLE_ROSPEC, &m::START_ROSPEC]),
    ] {
        let mut world = World::new(Fake::default(), Settings::default());
        world.settle();
        world.reader.rospecs = left.map(|state| (1, state)).into_iter().collect();
        world.reader.asked.clear();
        world.pass(32 * SECOND);
        assert_eq!(world.reader.rospecs, [(1, e::ROSpecState::Active)], "{left:?}");
        let asked: Vec<_> = world.reader.asked.iter().map(|asked| asked.definition().name).collect();
        let wanted = requests.iter().map(|request| request.name);
        assert!(wanted.clone().all(|request| asked.contains(&request)), "{left:?}: {asked:?}");
        assert_eq!(world.down(), None);
    }
}

#[test]
fn a_reader_that_reports_is_not_asked_whether_it_runs() {
    let mut world = World::new(Fake::default(), Settings::default());
    world.settle();
    world.reader.asked.clear();
    for _ in 0..100 {
        world.pass(SECOND);
        world.hears(&Element::new(&m::RO_ACCESS_REPORT));
    }
    assert!(!world.reader.asked.iter().any(|asked| asked.is(&m::GET_ROSPECS)));
}

#[test]
fn a_reader_that_cannot_say_what_it_runs_is_believed() {
    for silent in [true, false] {
        let mut world = World::new(Fake::default(), Settings::default());
        world.settle();
        if silent {
            world.reader.ignores.push(&m::GET_ROSPECS);
        } else {
            world.reader.errors.push((&m::GET_ROSPECS, e::StatusCode::M_UnsupportedMessage));
        }
        world.pass(600 * SECOND);
        assert_eq!(world.down(), None);
        let asked = world.reader.asked.iter().filter(|asked| asked.is(&m::GET_ROSPECS)).count();
        assert_eq!(asked, 1, "and not asked again");
    }
}

#[test]
fn keep_alives_are_acknowledged_and_their_absence_is_noticed_after_two_and_a_half_periods() {
    let mut world = World::new(Fake { keepalives: true, ..Fake::default() }, Settings::default());
    world.settle();
    world.pass(60 * SECOND);
    let acknowledged = world.reader.asked.iter().filter(|asked| asked.is(&m::KEEPALIVE_ACK)).count();
    assert_eq!(acknowledged, 12);
    world.reader.dead = true;
    world.pass(12 * SECOND);
    assert_eq!(world.down(), None);
    world.pass(SECOND);
    assert!(matches!(world.down(), Some(DownReason::KeepaliveLost(_))), "{:?}", world.down());
}

#[test]
fn a_reader_without_keep_alives_holds_for_as_long_as_it_answers() {
    for refuses in [true, false] {
        // One refuses them, the other takes the request and sends none.
        let mut reader = Fake::default();
        if refuses {
            reader.refuses.push((&m::SET_READER_CONFIG, e::StatusCode::M_UnsupportedParameter));
        }
        let settings = Settings { inspect_every: Duration::ZERO, ..Settings::default() };
        let mut world = World::new(reader, settings);
        world.settle();
        world.pass(3_600 * SECOND);
        assert_eq!(world.down(), None);
        let asked = world.reader.asked.len();
        assert!(asked < 900, "{asked} requests in an hour");
        world.reader.dead = true;
        world.pass(13 * SECOND);
        assert!(matches!(world.down(), Some(DownReason::KeepaliveLost(_))), "{:?}", world.down());
    }
}

#[test]
fn a_reader_that_does_not_know_the_question_still_holds_while_its_reports_come() {
    let mut world = World::new(Fake::default(), Settings::default());
    world.settle();
    world.reader.ignores.push(&m::GET_READER_CONFIG);
    for _ in 0..120 {
        world.pass(8 * SECOND);
        world.hears(&Element::new(&m::RO_ACCESS_REPORT));
    }
    assert_eq!(world.down(), None);
}

fn two_purposes() -> Settings {
    let stock = Inventory {
        session: 3,
        plain_session: Some(2),
        tag_population: 1024,
        mode_index: Some(1002),
        impinj_search_mode: Some(2),
    };
    Settings {
        antennas: vec![Antenna { id: 1, power_cdbm: None }, Antenna { id: 2, power_cdbm: None }],
        plain_session: Some(0),
        mode_index: Some(1000),
        impinj_search_mode: Some(2),
        exceptions: vec![(2, stock)],
        ..Settings::default()
    }
}

/// Antenna, session, mode and search mode.
type Plan = (u64, u64, Option<u64>, Option<u64>);

/// What is asked for each antenna by the last `ADD_ROSPEC`, and whether phase was.
fn plans(world: &World) -> (Vec<Plan>, bool) {
    let add = world.reader.asked.iter().rfind(|asked| asked.is(&m::ADD_ROSPEC)).unwrap();
    let rospec = add.body.child(&p::ROSpec).unwrap();
    let inventory = rospec.child(&p::AISpec).unwrap().child(&p::InventoryParameterSpec).unwrap();
    let plans = inventory.children(&p::AntennaConfiguration).map(|antenna| {
        let command = antenna.child(&p::C1G2InventoryCommand).unwrap();
        let session = command.child(&p::C1G2SingulationControl).unwrap().unsigned("Session").unwrap();
        let mode = command.child(&p::C1G2RFControl).and_then(|mode| mode.unsigned("ModeIndex"));
        let search = command.child(&v::ImpinjInventorySearchMode);
        let search = search.and_then(|search| search.unsigned("InventorySearchMode"));
        (antenna.unsigned("AntennaID").unwrap(), session, mode, search)
    });
    let report = rospec.child(&p::ROReportSpec).unwrap();
    (plans.collect(), report.child(&v::ImpinjTagReportContentSelector).is_some())
}

#[test]
fn antennas_for_different_purposes_are_inventoried_each_in_its_way() {
    let mut world = World::new(Fake { vendor: IMPINJ, ..Fake::default() }, two_purposes());
    world.settle();
    assert!(world.is_up() && world.degraded().is_empty());
    let wanted = vec![(1, 1, Some(1000), Some(2)), (2, 3, Some(1002), Some(2))];
    assert_eq!(plans(&world), (wanted, true));
}

#[test]
fn a_reader_that_has_one_way_for_all_antennas_gets_the_common_one_and_it_is_said() {
    let several = |asked: &Element| {
        let rospec = asked.child(&p::ROSpec)?;
        let inventory = rospec.child(&p::AISpec)?.child(&p::InventoryParameterSpec)?;
        let mut modes = inventory.children(&p::AntennaConfiguration).filter_map(|antenna| {
            antenna.child(&p::C1G2InventoryCommand)?.child(&p::C1G2RFControl)?.unsigned("ModeIndex")
        });
        let first = modes.next()?;
        modes.any(|mode| mode != first).then(|| status(e::StatusCode::A_Invalid, None))
    };
    let reader = Fake { vendor: IMPINJ, objects: Some(several), ..Fake::default() };
    let mut world = World::new(reader, two_purposes());
    world.settle();
    assert!(world.is_up());
    let wanted = vec![(1, 1, Some(1000), Some(2)), (2, 1, Some(1000), Some(2))];
    assert_eq!(plans(&world), (wanted, true));
    assert_eq!(world.degraded().len(), 1);
    assert!(world.degraded()[0].contains("all are read alike"), "{:?}", world.degraded());
}

#[test]
fn a_refused_vendor_parameter_costs_the_vendors_parameters_and_nothing_else() {
    let customs = |asked: &Element| {
        let report = asked.child(&p::ROSpec)?.child(&p::ROReportSpec)?;
        report.child(&v::ImpinjTagReportContentSelector)?;
        Some(status(e::StatusCode::M_ParameterError, Some(1023)))
    };
    let reader = Fake { vendor: IMPINJ, objects: Some(customs), ..Fake::default() };
    let mut world = World::new(reader, two_purposes());
    world.settle();
    assert!(world.is_up());
    // Without dual target the sessions are those in which tags come back by themselves.
    let wanted = vec![(1, 0, Some(1000), None), (2, 2, Some(1002), None)];
    assert_eq!(plans(&world), (wanted, false));
    assert_eq!(world.degraded().len(), 1);
    assert!(world.degraded()[0].contains("phase"), "{:?}", world.degraded());
    assert!(!world.session.vendor_parameters());
}

#[test]
fn a_refused_mode_costs_the_mode() {
    let modes = |asked: &Element| {
        let rospec = asked.child(&p::ROSpec)?;
        let inventory = rospec.child(&p::AISpec)?.child(&p::InventoryParameterSpec)?;
        let antenna = inventory.child(&p::AntennaConfiguration)?;
        antenna.child(&p::C1G2InventoryCommand)?.child(&p::C1G2RFControl)?;
        Some(status(e::StatusCode::M_ParameterError, Some(335)))
    };
    let settings = Settings { mode_index: Some(4711), ..Settings::default() };
    let settings = Settings { antennas: vec![Antenna { id: 1, power_cdbm: None }], ..settings };
    let reader = Fake { vendor: IMPINJ, objects: Some(modes), ..Fake::default() };
    let mut world = World::new(reader, settings);
    world.settle();
    assert!(world.is_up());
    assert_eq!(plans(&world), (vec![(1, 1, None, None)], true));
    assert!(world.degraded()[0].contains("radio mode"), "{:?}", world.degraded());
}

#[test]
fn a_reader_that_takes_only_the_barest_inventory_gets_it() {
    let settings_at_all = |asked: &Element| {
        let rospec = asked.child(&p::ROSpec)?;
        let inventory = rospec.child(&p::AISpec)?.child(&p::InventoryParameterSpec)?;
        inventory.child(&p::AntennaConfiguration)?;
        Some(status(e::StatusCode::M_UnsupportedParameter, None))
    };
    let reader = Fake { vendor: IMPINJ, objects: Some(settings_at_all), ..Fake::default() };
    let mut world = World::new(reader, two_purposes());
    world.settle();
    assert!(world.is_up(), "{:?}", world.told);
    assert_eq!(plans(&world), (vec![], false));
    assert!(world.degraded().last().unwrap().contains("power, session and mode"));
}

#[test]
fn a_reader_that_takes_no_inventory_at_all_is_down_with_its_own_words() {
    let mut reader = Fake::default();
    reader.refuses.push((&m::ADD_ROSPEC, e::StatusCode::R_DeviceError));
    let mut world = World::new(reader, Settings::default());
    world.settle();
    let Some(DownReason::Refused { request, refusal }) = world.down() else { panic!("{:?}", world.told) };
    assert_eq!((*request, u64::from(refusal.code)), ("ADD_ROSPEC", e::StatusCode::R_DeviceError));
    assert!(refusal.to_string().contains("R_DeviceError"));
}

#[test]
fn a_fixed_frequency_stays_as_the_reader_has_it() {
    let antennas = vec![Antenna { id: 1, power_cdbm: Some(2700) }];
    let reader = Fake { fixed_khz: vec![865_700, 866_300, 866_900, 867_500], tuned_to: 3, ..Fake::default() };
    let mut world = World::new(reader, Settings { antennas, ..Settings::default() });
    world.settle();
    assert!(world.is_up());
    let add = world.reader.asked.iter().rfind(|asked| asked.is(&m::ADD_ROSPEC)).unwrap();
    let inventory = add.body.child(&p::ROSpec).unwrap().child(&p::AISpec).unwrap();
    let antenna =
        inventory.child(&p::InventoryParameterSpec).unwrap().child(&p::AntennaConfiguration).unwrap();
    let transmitter = antenna.child(&p::RFTransmitter).unwrap();
    assert_eq!(
        (transmitter.unsigned("ChannelIndex"), transmitter.unsigned("TransmitPower")),
        (Some(3), Some(2))
    );
    assert_eq!(world.session.capabilities().channel_khz(3), Some(866_900));
    assert_eq!(world.session.capabilities().channel_khz(5), None);
}

#[test]
fn channels_count_in_the_hop_table_that_the_reader_uses() {
    let reader = Fake { second_hop_table: true, hops_by: 2, ..Fake::default() };
    let antennas = vec![Antenna { id: 1, power_cdbm: Some(2700) }];
    let mut world = World::new(reader, Settings { antennas, ..Settings::default() });
    world.settle();
    assert!(world.is_up());
    assert_eq!(world.session.capabilities().channel_khz(1), Some(927_250));
    let add = world.reader.asked.iter().rfind(|asked| asked.is(&m::ADD_ROSPEC)).unwrap();
    let inventory = add.body.child(&p::ROSpec).unwrap().child(&p::AISpec).unwrap();
    let antenna =
        inventory.child(&p::InventoryParameterSpec).unwrap().child(&p::AntennaConfiguration).unwrap();
    assert_eq!(antenna.child(&p::RFTransmitter).unwrap().unsigned("HopTableID"), Some(2));
}

#[test]
fn a_reader_that_lacks_some_event_still_tells_its_inputs() {
    let antenna_events = |asked: &Element| {
        let events = asked.child(&p::ReaderEventNotificationSpec)?;
        let wants =
            |state: &Element| state.unsigned("EventType") == Some(e::NotificationEventType::Antenna_Event);
        events
            .children(&p::EventNotificationState)
            .any(wants)
            .then(|| status(e::StatusCode::M_FieldError, None))
    };
    let reader = Fake { objects_to_config: Some(antenna_events), ..Fake::default() };
    let mut world = World::new(reader, Settings { gpi_ports: vec![2], ..Settings::default() });
    world.settle();
    assert!(world.is_up());
    let set = world.reader.asked.iter().rfind(|asked| asked.is(&m::SET_READER_CONFIG)).unwrap();
    assert_eq!(set.body.children(&p::GPIPortCurrentState).count(), 1);
    assert_eq!(world.degraded(), ["events of antennas and buffers"]);
}

#[test]
fn a_reader_that_knows_only_its_uptime_tells_that() {
    let mut world = World::new(Fake { utc: false, ..Fake::default() }, Settings::default());
    world.settle();
    assert!(
        world.told.iter().any(|event| matches!(event, Event::Uptime { reader_uptime_us: 40_000_000, .. })),
        "{:?}",
        world.told
    );
    assert!(!world.told.iter().any(|event| matches!(event, Event::Clock { .. })));
}

#[test]
fn reports_that_come_with_the_readers_last_word_are_told_before_the_end() {
    let mut world = World::new(Fake::default(), Settings::default());
    world.settle();
    let goodbye = fake::notification(true, Element::new(&p::ConnectionCloseEvent));
    let report = fake::frame(&Element::new(&m::RO_ACCESS_REPORT));
    let bytes = [fake::frame(&goodbye), report.clone(), report].concat();
    world.told.clear();
    world.session.handle_input(world.now, &bytes);
    world.settle();
    let last: Vec<_> = world.told.iter().rev().take(3).collect();
    assert!(
        matches!(
            last.as_slice(),
            [Event::Down(DownReason::ClosedByReader), Event::Report(_), Event::Report(_)]
        ),
        "{:?}",
        world.told
    );
}

#[test]
fn what_a_host_does_not_take_is_bounded_and_counted() {
    let mut world = World::new(Fake::default(), Settings { max_events: 100, ..Settings::default() });
    world.settle();
    let report = fake::frame(&Element::new(&m::RO_ACCESS_REPORT)).repeat(1_000);
    world.session.handle_input(world.now, &report);
    let told = std::iter::from_fn(|| world.session.poll_event()).count() as u64;
    assert!(told <= 100);
    assert_eq!(told + world.session.dropped_reports(), 1_000);
}

proptest! {
    /// Whatever a reader refuses, ignores or answers with nonsense: the session comes to an inventory or to an end within a
    /// bounded time and with a bounded number of requests, and keeps to what it may send.
    #[test]
    fn any_reader_is_come_to_terms_with(
        draws in prop::collection::vec(0_u8..10, 1..40),
        vendor in prop::sample::select(vec![0, IMPINJ, v::ZEBRA]),
        negotiate_version: bool,
        immediate: bool,
    ) {
        let start = if immediate { Start::Immediate } else { Start::Explicit };
        let settings = Settings { negotiate_version, start, ..two_purposes() };
        let mut world = World::new(Fake { vendor, whims: draws, ..Fake::default() }, settings);
        world.settle();
        world.pass(400 * SECOND);
        let comes_to_something = world.is_up() || world.down().is_some();
        prop_assert!(comes_to_something, "{:?}", world.told);
        prop_assert!(world.reader.asked.len() < 600, "{} requests", world.reader.asked.len());
        let ends = world.told.iter().filter(|event| matches!(event, Event::Down(_))).count();
        prop_assert!(ends <= 1);
        prop_assert_eq!(world.session.poll_timeout().is_none(), ends == 1, "it sleeps for good only at the end");
    }
}
