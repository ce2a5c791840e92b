//! What a store orders of a reader beside its reads, and what the reader's contacts tell.

use std::time::Duration;

use llrp::server::ServerEvent;
use readers::tag::{Bank, Done, Job, Operation, Selection, TagError};
use readers::{Input, OrderError, Reader, Tells};
use recording::{GateState, Health, LaneLine, Line, Observation};

use crate::common::{Deed, EPC, Emulated, Store, configured, from_noon};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_output_takes_the_level_ordered_and_none_is_set_late() {
    from_noon(async {
        let mut emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        assert_eq!(store.output(2, true).await, Ok(()));
        assert!(emulated.noticed().contains(&ServerEvent::Gpo { port: 2, high: true }));
        let error = store.output(5, true).await.unwrap_err();
        assert!(matches!(&error, OrderError::CannotDo(words) if words.contains("4 outputs")), "{error}");
        emulated.does(Deed::Cut);
        store.until(Health::Down, SECOND).await;
        assert_eq!(store.output(1, true).await, Err(OrderError::NotConnected));
        emulated.does(Deed::Mend);
        store.until(Health::Up, 5 * SECOND).await;
        store.during(SECOND).await;
        let noticed = emulated.noticed();
        assert!(!noticed.contains(&ServerEvent::Gpo { port: 1, high: true }), "a gate does not open late");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_answer_never_comes_may_or_may_not_have_been_done() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        emulated.does(Deed::Hang);
        assert_eq!(store.output(1, true).await, Err(OrderError::Unknown));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_restarted_is_told_the_levels_of_its_outputs_again() {
    from_noon(async {
        let mut emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        assert_eq!(store.output(2, true).await, Ok(()));
        assert_eq!(store.output(3, true).await, Ok(()));
        assert_eq!(store.output(3, false).await, Ok(()));
        emulated.noticed();
        emulated.does(Deed::Restart);
        store.until(Health::Down, 20 * SECOND).await;
        store.until(Health::Up, 5 * SECOND).await;
        store.during(SECOND).await;
        let outputs: Vec<_> =
            emulated.noticed().into_iter().filter(|event| matches!(event, ServerEvent::Gpo { .. })).collect();
        assert_eq!(outputs, [ServerEvent::Gpo { port: 2, high: true }], "the other is low already");
    })
    .await;
}

fn with_inputs(reader: Reader) -> Reader {
    let beam = Tells::Beam { lane: "exit-1".into(), line: LaneLine::Exit };
    let gate = Tells::Gate { gate: "gate-1".into() };
    let inputs = vec![
        Input { port: 1, active_high: true, tells: beam },
        Input { port: 2, active_high: false, tells: gate },
    ];
    Reader { inputs, ..reader }
}

fn blocked(line: &Line) -> Option<bool> {
    match &line.what {
        Observation::Beam(beam) if &*beam.lane == "exit-1" && beam.line == LaneLine::Exit => {
            Some(beam.blocked)
        }
        _ => None,
    }
}

fn gate(line: &Line) -> Option<GateState> {
    match &line.what {
        Observation::Gate(gate) if &*gate.gate == "gate-1" => Some(gate.state),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn inputs_tell_of_beams_and_gates_as_they_stand_and_as_they_change() {
    from_noon(async {
        let emulated = Emulated::start(3_600_000_000).await;
        emulated.does(Deed::Tag(false));
        emulated.does(Deed::Input(2, true));
        let mut store = Store::start(with_inputs(configured(emulated.address, &[1])));
        let taken = store.during(2 * SECOND).await;
        // That the contact closed before anybody was there is told too, as the past that it is.
        let stand: Vec<&Line> = taken.contacts.iter().filter(|line| !line.stale).collect();
        assert_eq!(stand.iter().copied().filter_map(blocked).collect::<Vec<_>>(), [false]);
        assert_eq!(stand.iter().copied().filter_map(gate).collect::<Vec<_>>(), [GateState::Closed]);

        let cut_at = store.now();
        emulated.does(Deed::Input(1, true));
        emulated.does(Deed::Input(2, false));
        emulated.does(Deed::Input(4, true));
        let taken = store.during(SECOND).await;
        assert_eq!(taken.contacts.len(), 2, "an input that tells nothing is passed over");
        assert_eq!(taken.contacts.iter().filter_map(blocked).collect::<Vec<_>>(), [true]);
        assert_eq!(taken.contacts.iter().filter_map(gate).collect::<Vec<_>>(), [GateState::Opened]);
        for line in &taken.contacts {
            assert!(!line.stale && line.at.since(cut_at) < SECOND / 10, "in the store's time: {line:?}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_inputs_did_in_an_outage_is_stale_and_how_they_stand_then_is_not() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        emulated.does(Deed::Tag(false));
        let mut store = Store::start(with_inputs(configured(emulated.address, &[1])));
        store.during(2 * SECOND).await;
        emulated.does(Deed::Cut);
        store.during(SECOND).await;
        emulated.does(Deed::Input(1, true));
        store.during(10 * SECOND).await;
        emulated.does(Deed::Mend);
        let mut taken = store.until(Health::Up, 31 * SECOND).await;
        taken.contacts.append(&mut store.during(SECOND).await.contacts);
        let (old, new): (Vec<_>, Vec<_>) = taken.contacts.iter().partition(|line| line.stale);
        assert!(old.iter().all(|line| line.known_at().seconds_after(line.at) > 5.0), "{old:?}");
        assert_eq!(new.iter().filter_map(|line| blocked(line)).collect::<Vec<_>>(), [true], "{new:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_input_that_the_reader_has_not_is_said() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut reader = with_inputs(configured(emulated.address, &[1]));
        reader.inputs[0].port = 7;
        let mut store = Store::start(reader);
        let taken = store.until(Health::Degraded, SECOND).await;
        assert!(
            taken.reason().contains("input 7") && taken.reason().contains("only 4"),
            "{}",
            taken.reason()
        );
    })
    .await;
}

fn job(operations: Vec<Operation>) -> Job {
    let selection = Selection { bank: Bank::Epc, first_bit: 32, mask: EPC.to_vec(), bits: 96 };
    Job { antenna: None, selection, access_password: 0, operations, patience: 5 * SECOND }
}

#[tokio::test(start_paused = true)]
async fn a_tag_is_written_and_read_back_while_the_inventory_goes_on() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        let words = vec![0xCAFE, 0x0007];
        let report = store
            .job(job(vec![
                Operation::Write { bank: Bank::User, first_word: 0, words: words.clone() },
                Operation::Read { bank: Bank::User, first_word: 0, words: 2 },
            ]))
            .await
            .unwrap();
        assert_eq!(report.epc, EPC);
        assert_eq!(report.results, [Ok(Done::Done), Ok(Done::Words(words))]);
        let taken = store.during(2 * SECOND).await;
        assert!(taken.reads.len() > 90 && taken.states.is_empty(), "{}", taken.reads.len());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_is_not_there_is_waited_for_and_no_longer() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        emulated.does(Deed::Tag(false));
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        let began = store.now();
        let read = || job(vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 2 }]);
        let report = store.job(read()).await.unwrap();
        assert_eq!(report.results, [Err(TagError::NoTag)]);
        assert!((5.0..5.5).contains(&store.now().seconds_after(began)));
        // Nothing is left of it: the next one is carried out.
        emulated.does(Deed::Tag(true));
        let report = store.job(read()).await.unwrap();
        assert!(matches!(report.results.as_slice(), [Ok(Done::Words(words))] if words.len() == 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_ends_within_a_job_leaves_it_open_and_what_waited_undone() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        emulated.does(Deed::Tag(false));
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        let write = || job(vec![Operation::Write { bank: Bank::User, first_word: 0, words: vec![1] }]);
        let (first, second, _) = tokio::join!(store.job(write()), store.job(write()), async {
            tokio::time::sleep(SECOND).await;
            emulated.does(Deed::Cut);
        });
        assert_eq!(first, Err(OrderError::Unknown));
        assert_eq!(second, Err(OrderError::NotConnected));
        assert_eq!(store.job(write()).await, Err(OrderError::NotConnected));
    })
    .await;
}
