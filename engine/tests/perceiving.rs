//! Scenes at the exit, as FACTS numbers them: what is told of them in, what the passage would pay out.

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
