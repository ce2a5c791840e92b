//! Scenes at the exit, as FACTS numbers them: what is told of them in, what the passage would pay out.
#![allow(clippy::unwrap_used, reason = "a scene that cannot be told fails")]

mod scene;

use recording::{Direction, ItemAction, LaneLine, PieceState, Verdict};
use scene::*;

#[test]
fn a_shopper_with_two_pieces_pays_for_both_and_goes_out() {
    let mut scene = Scene::new(1);
    let (tee, coat) = (scene.piece(TEE_M, 7), scene.piece(COAT, 8));
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a81", &path);
    scene.tag(&tee, &path, 3.0);
    scene.tag(&coat, &path, 6.0);
    let mut told = scene.tell(25.0);
    let basket = told.until(12.5).tap("exit-1");
    assert_eq!(lines(&basket), [one(TEE_M, 7), one(COAT, 8)]);
    assert!(basket.holds.is_empty(), "{:?}", basket.holds);
    assert!(basket.lines.iter().all(|line| line.confidence > 0.8 && line.confidence < 1.0));
    told.until(25.0);
    assert_eq!(told.began().len(), 1);
    let ended = told.ended();
    assert_eq!(ended[0].1, Some(Direction::Out));
    assert_eq!(ended.len(), 1);
}

#[test]
fn scene_01_rack_beside_the_lane_is_never_billed() {
    let mut scene = Scene::new(1);
    let path = walk_out(0.6, 20.0);
    let mine = scene.piece(TEE_M, 1);
    for serial in 100..110 {
        let rack = scene.piece(TEE_S, serial);
        scene.tag(&rack, &Path(vec![(0.0, 1.7, 0.9), (40.0, 1.7, 0.9)]), 4.0);
    }
    scene.person("cam", "a1", &path);
    scene.tag(&mine, &path, 6.0);
    let mut told = scene.tell(40.0);
    assert_eq!(lines(&told.until(22.0).tap("exit-1")), [one(TEE_M, 1)]);
    let late = told.until(23.5).tap("exit-1");
    assert_eq!(lines(&late), [one(TEE_M, 1)]);
    assert!(late.evidence.iter().filter(|e| e.verdict == Verdict::Ignored).all(|e| !e.reasons.is_empty()));
}

/// Stands at the terminal from `at + 1` to `at + 1 + stay`, then leaves.
fn walk_out_staying(x: f64, at: f64, stay: f64) -> Path {
    Path(vec![
        (at - 6.0, x, -7.2),
        (at + 0.8, x, 1.0),
        (at + 0.8 + stay, x, 1.0),
        (at + 1.8 + stay, x, 2.4),
        (at + 3.5 + stay, x, 4.6),
    ])
}

#[test]
fn scene_03_turning_back_in_the_lane_ends_as_back() {
    let mut scene = Scene::new(1);
    let coat = scene.piece(COAT, 1);
    let path =
        Path(vec![(4.0, 0.6, -7.0), (10.0, 0.6, 0.0), (11.0, 0.6, 1.1), (13.0, 0.6, 1.1), (16.0, 0.6, -4.0)]);
    scene.person("cam", "a1", &path);
    scene.tag(&coat, &path, 3.0);
    let mut told = scene.tell(25.0);
    told.until(25.0);
    assert_eq!(told.began().len(), 1);
    assert_eq!(told.ended().iter().map(|e| e.1).collect::<Vec<_>>(), [Some(Direction::Back)]);
}

#[test]
fn scene_04_lingering_for_a_minute_is_one_passage_with_each_piece_once() {
    let mut scene = Scene::new(1);
    let coat = scene.piece(COAT, 1);
    let path = walk_out_staying(0.6, 10.0, 60.0);
    scene.person("cam", "a1", &path);
    scene.tag(&coat, &path, 6.0);
    let mut told = scene.tell(85.0);
    assert_eq!(lines(&told.until(68.0).tap("exit-1")), [one(COAT, 1)]);
    told.until(85.0);
    assert_eq!(told.began().len(), 1);
    let ended = told.ended();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].1, Some(Direction::Out));
    assert!((60.0..65.0).contains(&ended[0].2), "{}", ended[0].2);
}

#[test]
fn scene_05_coming_in_with_a_return_is_billed_nothing() {
    let mut scene = Scene::new(1);
    let sold = scene.piece_in(COAT, 1, PieceState::Sold);
    let stock = scene.piece(TEE_S, 2);
    let path = Path(vec![(5.0, 0.6, 8.0), (10.0, 0.6, 2.0), (11.5, 0.6, 0.0), (15.0, 0.6, -4.0)]);
    scene.person("cam", "a1", &path);
    scene.tag(&sold, &path, 3.0);
    scene.tag(&stock, &path, 3.0);
    let mut told = scene.tell(20.0);
    let passage = told.until(11.0).began()[0].clone();
    assert!(told.proposal(&passage).lines.is_empty());
    told.until(20.0);
    assert!(told.proposal(&passage).lines.is_empty());
    assert_eq!(told.ended()[0].1, Some(Direction::In));
}

#[test]
fn scene_06_a_paid_piece_leaves_again_unbilled() {
    let mut scene = Scene::new(1);
    let (paid, mine) = (scene.piece_in(COAT, 1, PieceState::Sold), scene.piece(TEE_S, 2));
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&paid, &path, 3.0);
    scene.tag(&mine, &path, 3.0);
    let mut told = scene.tell(20.0);
    let basket = told.until(12.5).tap("exit-1");
    assert_eq!(lines(&basket), [one(TEE_S, 2)]);
    let why =
        basket.evidence.iter().find(|e| e.gtin.as_deref() == Some(COAT)).expect("the refusal has evidence");
    assert_eq!((why.verdict, &*why.reasons[0]), (Verdict::Ignored, "already paid for"));
}

#[test]
fn scene_07_side_by_side_in_adjacent_lanes_each_pays_their_own_or_is_asked() {
    let mut scene = Scene::new(2);
    let (left, right) = (scene.piece(COAT, 1), scene.piece(TEE_S, 2));
    let (one_way, other_way) = (walk_out(0.6, 10.0), walk_out(2.2, 10.6));
    scene.person("cam", "a1", &one_way);
    scene.person("cam", "b2", &other_way);
    scene.tag(&left, &one_way, 5.0);
    scene.tag(&right, &other_way, 5.0);
    let mut told = scene.tell(25.0);
    told.until(13.0);
    let (first, second) = (told.tap("exit-1"), told.tap("exit-2"));
    assert_eq!((lines(&first), lines(&second)), (vec![one(COAT, 1)], vec![one(TEE_S, 2)]));
    told.until(25.0);
    assert_eq!(told.ended().len(), 2);
}

#[test]
fn scene_08_a_tailgater_is_a_passage_of_their_own() {
    let mut scene = Scene::new(1);
    let (payer, tail) = (scene.piece(COAT, 1), scene.piece(TEE_S, 2));
    let first = walk_out(0.6, 10.0);
    // Stands elsewhere, then closes up behind the payer and follows out.
    let second =
        Path(vec![(2.0, 3.0, -6.0), (10.0, 3.0, -6.0), (14.3, 0.6, 0.1), (15.4, 0.6, 1.6), (17.0, 0.6, 4.5)]);
    scene.person("cam", "a1", &first);
    scene.person("cam", "b2", &second);
    scene.tag(&payer, &first, 4.0);
    scene.tag(&tail, &second, 4.0);
    let mut told = scene.tell(25.0);
    let paid = told.until(12.5).tap("exit-1");
    assert_eq!(lines(&paid), [one(COAT, 1)]);
    let pieces: Vec<_> = paid
        .lines
        .iter()
        .map(|l| engine::PieceKey { gtin: l.gtin.clone(), serial: l.serial.clone().unwrap() })
        .collect();
    told.perception.settled(&paid.passage, &pieces);
    told.until(25.0);
    assert_eq!(told.began().len(), 2, "the tailgater has a passage");
    let tailgater = told.began()[1].clone();
    let unpaid = told.proposal(&tailgater);
    assert_eq!(lines(&unpaid), [one(TEE_S, 2)]);
}

#[test]
fn scene_09_and_11_a_family_is_one_passage_and_the_childs_piece_is_in_it() {
    let mut scene = Scene::new(1);
    let (adult, child) = (scene.piece(COAT, 1), scene.piece(TEE_S, 2));
    let path = walk_out(0.4, 10.0);
    let beside = path.shifted(0.3, 0.45, 0.0);
    scene.person("cam", "a1", &path);
    scene.person("cam", "b2", &beside);
    scene.tag(&adult, &path, 4.0);
    scene.tag(&child, &beside, 4.0);
    let mut told = scene.tell(25.0);
    assert_eq!(lines(&told.until(13.0).tap("exit-1")), [one(TEE_S, 2), one(COAT, 1)]);
    told.until(25.0);
    assert_eq!(told.began().len(), 1);
    assert_eq!(told.ended()[0].1, Some(Direction::Out));
}

#[test]
fn scene_13_a_tag_that_falls_silent_is_asked_for_or_billed_from_its_shelf() {
    // Only the camera: ask.
    let mut scene = Scene::new(1);
    scene.piece(COAT, 1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.sight(5.0, "a1", ItemAction::Take, &[(COAT, 0.95)]);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert!(basket.lines.is_empty());
    assert_eq!(holds(&basket), ["unread_item"]);
    assert!(basket.possible_missing > 0.5);
    // Heard on its shelf until the camera saw it taken, silent since: billed.
    let mut scene = Scene::new(1);
    let coat = scene.piece(COAT, 1);
    scene.tag(&coat, &Path(vec![(0.0, 1.0, -8.0), (5.0, 1.0, -8.0)]), 4.0);
    scene.person("cam", "a1", &path);
    scene.sight(5.0, "a1", ItemAction::Take, &[(COAT, 0.95)]);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert_eq!(lines(&basket), [one(COAT, 1)]);
    assert_eq!(basket.lines[0].basis, recording::Basis::TagAndVision);
}

#[test]
fn scene_16_twenty_stacked_pieces_are_all_billed() {
    let mut scene = Scene::new(1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.rate = 4.0;
    for serial in 1..=20 {
        let tee = scene.piece(TEE_S, serial);
        scene.tag(&tee, &path, 9.0);
    }
    let mut told = scene.tell(20.0);
    assert_eq!(told.until(13.5).tap("exit-1").lines.len(), 20);
}

#[test]
fn scene_17_a_single_weak_read_is_not_billed_alone() {
    let mut scene = Scene::new(1);
    let tee = scene.piece(TEE_S, 1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.read(11.5, 0, &tee, -74.0);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert!(basket.lines.is_empty());
    assert!(basket.possible_missing > 0.1, "but it is not forgotten");
    assert_eq!(basket.evidence[0].verdict, Verdict::Ignored);
}

#[test]
fn scene_18_an_untagged_mug_is_billed_from_sight_and_not_when_put_back() {
    let path = walk_out(0.6, 10.0);
    let mut scene = Scene::new(1);
    scene.person("cam", "a1", &path);
    scene.sight(4.5, "a1", ItemAction::Take, &[(MUG, 0.92), (TEE_S, 0.05)]);
    scene.sight(5.5, "a1", ItemAction::Take, &[(MUG, 0.94)]);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert_eq!(lines(&basket), [(MUG.to_owned(), None, 2)]);
    assert_eq!((basket.lines[0].basis, basket.lines[0].unit_minor), (recording::Basis::Vision, 1290));

    let mut scene = Scene::new(1);
    scene.person("cam", "a1", &path);
    scene.sight(4.5, "a1", ItemAction::Take, &[(MUG, 0.92)]);
    scene.sight(6.0, "a1", ItemAction::Return, &[(MUG, 0.9)]);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert!(basket.lines.is_empty() && basket.holds.is_empty());
}

#[test]
fn scene_19_and_21_a_tagged_piece_that_is_seen_too_is_one_line_and_its_epc_says_which() {
    let mut scene = Scene::new(1);
    let tee = scene.piece(TEE_S, 1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&tee, &path, 4.0);
    // The camera takes the S for the M: siblings look alike.
    scene.sight(4.5, "a1", ItemAction::Take, &[(TEE_M, 0.6), (TEE_S, 0.3)]);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert_eq!(lines(&basket), [one(TEE_S, 1)]);
    assert_eq!(basket.lines[0].basis, recording::Basis::TagAndVision);
    assert!(basket.holds.is_empty());
}

#[test]
fn scene_22_one_number_on_two_chips_is_held() {
    let mut scene = Scene::new(1);
    let tee = scene.piece(TEE_S, 1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    for chip in ["E28011052000", "E28011052001"] {
        let epc = tee.clone();
        let tid = recording::Hex::parse(chip).unwrap();
        scene.tag_as(&path, 3.0, |scene, second, antenna, rssi| {
            let read = scene.read(second, antenna, &epc, rssi);
            scene.lines.pop();
            scene.add(second, recording::Read { tid: Some(tid.clone()), ..read });
        });
    }
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert!(basket.lines.is_empty());
    assert_eq!(holds(&basket), ["clone"]);
}

#[test]
fn scene_23_two_tags_on_one_garment_are_one_line() {
    let mut scene = Scene::new(1);
    let tee = scene.piece(TEE_S, 5);
    // The same piece, encoded again with another filter value: other bits.
    let second = sgtin_with_filter(TEE_S, 5, 0);
    assert_ne!(tee, second);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&tee, &path, 3.0);
    scene.tag(&second, &path, 3.0);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert_eq!(lines(&basket), [one(TEE_S, 5)]);
    assert!(basket.evidence[0].reasons.iter().any(|reason| reason.contains("two tags")));
}

#[test]
fn scene_24_an_unknown_piece_is_ignored_with_a_reason() {
    let mut scene = Scene::new(1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&sgtin("04012345123456", 77), &path, 3.0);
    scene.tag(&sgtin_with_filter(TEE_S, 9, 2), &path, 3.0);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert!(basket.lines.is_empty() && basket.holds.is_empty());
    assert_eq!(basket.evidence.len(), 2);
    assert!(basket.evidence.iter().all(|e| e.verdict == Verdict::Ignored && !e.reasons.is_empty()));
}

#[test]
fn scene_25_a_piece_without_a_price_is_held_and_never_guessed() {
    let mut scene = Scene::new(1);
    let scarf = scene.piece(SCARF, 1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&scarf, &path, 3.0);
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert!(basket.lines.is_empty());
    assert_eq!(holds(&basket), ["no_price"]);
}

#[test]
fn without_cameras_beams_and_reads_tell_the_passage_and_its_direction() {
    let mut scene = Scene::new(1);
    let coat = scene.piece(COAT, 1);
    let path = walk_out(0.6, 10.0);
    scene.tag(&coat, &path, 3.0);
    for (second, line) in [(10.0, LaneLine::Entry), (14.8, LaneLine::Exit)] {
        scene.beam(second, "exit-1", line, true);
        scene.beam(second + 0.3, "exit-1", line, false);
    }
    let mut told = scene.tell(30.0);
    assert_eq!(lines(&told.until(13.0).tap("exit-1")), [one(COAT, 1)]);
    told.until(30.0);
    assert_eq!(told.began().len(), 1);
    assert_eq!(told.ended().iter().map(|e| e.1).collect::<Vec<_>>(), [Some(Direction::Out)]);
}

#[test]
fn without_cameras_and_beams_reads_alone_tell_it_beside_a_rack() {
    for (path, way) in [
        (walk_out(0.6, 30.0), Direction::Out),
        (Path(vec![(24.0, 0.6, 7.0), (30.0, 0.6, 2.0), (32.0, 0.6, 0.0), (36.0, 0.6, -6.0)]), Direction::In),
    ] {
        let mut scene = Scene::new(1);
        let coat = scene.piece(COAT, 1);
        for serial in 100..105 {
            let rack = scene.piece(TEE_S, serial);
            scene.tag(&rack, &Path(vec![(0.0, 1.7, 0.9), (60.0, 1.7, 0.9)]), 4.0);
        }
        scene.tag(&coat, &path, 3.0);
        let mut told = scene.tell(60.0);
        told.until(33.0);
        if way == Direction::Out {
            assert_eq!(lines(&told.tap("exit-1")), [one(COAT, 1)]);
        }
        told.until(60.0);
        assert_eq!(told.began().len(), 1, "the rack is no passage");
        assert_eq!(told.ended().iter().map(|e| e.1).collect::<Vec<_>>(), [Some(way)]);
    }
}

#[test]
fn a_broken_track_and_a_second_camera_are_still_one_person() {
    let mut scene = Scene::new(1);
    let coat = scene.piece(COAT, 1);
    let path = walk_out(0.6, 10.0);
    let cut = |from: f64, to: f64| {
        let mut seconds: Vec<f64> =
            (0..).map(|n| from + 0.1 * f64::from(n)).take_while(|s| *s <= to).collect();
        seconds.retain(|s| path.at(*s).is_some());
        Path(seconds.into_iter().map(|s| path.at(s).map(|(x, y)| (s, x, y)).unwrap()).collect())
    };
    scene.person("cam", "a1", &cut(4.0, 11.4));
    scene.person("cam", "a2", &cut(12.6, 17.0));
    scene.person("other", "z9", &cut(9.0, 17.0).shifted(0.0, 0.2, 0.1));
    scene.tag(&coat, &path, 3.0);
    let mut told = scene.tell(25.0);
    assert_eq!(lines(&told.until(13.0).tap("exit-1")), [one(COAT, 1)]);
    told.until(25.0);
    assert_eq!((told.began().len(), told.ended().len()), (1, 1));
}

#[test]
fn stale_reads_never_make_a_line() {
    let mut scene = Scene::new(1);
    let coat = scene.piece(COAT, 1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&coat, &path, 3.0);
    for (_, line) in &mut scene.lines {
        line.stale = matches!(line.what, recording::Observation::Read(_));
    }
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert!(basket.lines.is_empty() && basket.evidence.is_empty());
}

#[test]
fn a_repeated_report_counts_once() {
    let mut scene = Scene::new(1);
    let tee = scene.piece(TEE_S, 1);
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    for _ in 0..5 {
        scene.read(11.5, 0, &tee, -50.0);
    }
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert_eq!(basket.evidence[0].reads[0].reads, 1);
    assert!(basket.lines.is_empty());
}

#[test]
fn a_reader_that_tells_no_pc_word_is_believed_only_for_a_known_piece_in_stock() {
    let mut scene = Scene::new(1);
    let (known, display) = (scene.piece(COAT, 1), scene.piece_in(COAT, 2, PieceState::Display));
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&known, &path, 3.0);
    scene.tag(&display, &path, 3.0);
    for (_, line) in &mut scene.lines {
        if let recording::Observation::Read(read) = &mut line.what {
            (read.pc, read.rssi) = (None, None);
        }
    }
    let mut told = scene.tell(20.0);
    let basket = told.until(13.0).tap("exit-1");
    assert_eq!(lines(&basket), [one(COAT, 1)]);
}

#[test]
fn a_piece_on_a_far_shelf_that_the_lanes_antennas_hear_now_and_then_is_not_billed() {
    let mut scene = Scene::new(1);
    let (mine, shelf) = (scene.piece(TEE_M, 1), scene.piece(TEE_S, 2));
    let path = walk_out(0.6, 10.0);
    scene.person("cam", "a1", &path);
    scene.tag(&mine, &path, 5.0);
    // The reader over the shelf hears it well, the lane's far antenna a little, and only since somebody stands there.
    for n in 0..8 {
        scene.read(10.6 + 0.3 * f64::from(n), 0, &shelf, -69.0);
    }
    for n in 0..3 {
        scene.read(10.9 + 0.8 * f64::from(n), 2, &shelf, -52.0);
    }
    let mut told = scene.tell(20.0);
    assert_eq!(lines(&told.until(13.0).tap("exit-1")), [one(TEE_M, 1)]);
}

#[test]
fn strangers_who_queue_close_together_are_each_their_own_passage() {
    let mut scene = Scene::new(1);
    let mut pieces = Vec::new();
    for n in 0..4_u32 {
        let late = 5.0 * f64::from(n);
        // From different corners to the queue, half a minute in it, then through the lane one after the other.
        let from = if n % 2 == 0 { -6.0 } else { 7.0 };
        let path = Path(vec![
            (2.0 + late, from, -9.0),
            (10.0 + late, 0.6, -0.8 - 0.7 * f64::from(n)),
            (20.0 + late, 0.6, -0.8),
            (21.0 + late, 0.6, 0.6),
            (23.5 + late, 0.6, 1.0),
            (24.5 + late, 0.6, 2.4),
            (26.5 + late, 0.6, 4.6),
        ]);
        let piece = scene.piece(COAT, u64::from(n) + 1);
        scene.person("cam", &format!("t{n}"), &path);
        scene.tag(&piece, &path, 5.0);
        pieces.push(piece);
    }
    let mut told = scene.tell(50.0);
    told.until(50.0);
    assert_eq!(told.began().len(), 4);
    assert!(told.ended().iter().all(|ended| ended.1 == Some(Direction::Out)));
}

#[test]
fn beams_alone_tell_who_goes_out_and_who_comes_in() {
    let mut scene = Scene::new(1);
    let blocked = [
        (10.0, LaneLine::Entry),
        (13.0, LaneLine::Exit), // out
        (20.0, LaneLine::Entry),
        (21.5, LaneLine::Entry),
        (23.0, LaneLine::Exit),
        (24.5, LaneLine::Exit), // two out
        (30.0, LaneLine::Exit),
        (32.0, LaneLine::Entry), // in
    ];
    for (second, line) in blocked {
        scene.beam(second, "exit-1", line, true);
        scene.beam(second + 0.3, "exit-1", line, false);
    }
    let mut told = scene.tell(50.0);
    told.until(50.0);
    let ways: Vec<_> = told.ended().into_iter().map(|ended| ended.1).collect();
    assert_eq!(ways, [Some(Direction::Out), Some(Direction::Out), Some(Direction::Out), Some(Direction::In)]);
}

/// A cart with a reader hears what lies in it from the moment it is put there. At an antenna on a wall the same reads mean
/// a rack.
#[test]
fn what_a_cart_has_read_all_along_is_paid_at_its_lane_and_is_no_rack() {
    for moves in [true, false] {
        let mut scene = Scene::new(1);
        for antenna in scene.plan.antennas.iter_mut().filter(|antenna| &*antenna.zone == "exit-1") {
            (antenna.moves, antenna.position) = (moves, None);
        }
        let tee = scene.piece(TEE_M, 7);
        scene.person("cam", "a1", &walk_out(0.6, 30.0));
        for n in 0..130 {
            let second = 2.0 + 0.25 * f64::from(n);
            scene.read(second, n as usize % 2, &tee, -44.0 - f64::from(n % 3));
        }
        let basket = scene.tell(45.0).until(32.5).tap("exit-1");
        let paid = if moves { vec![one(TEE_M, 7)] } else { Vec::new() };
        assert_eq!(lines(&basket), paid, "moves: {moves}");
    }
}
