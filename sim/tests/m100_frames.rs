//! The emulated M100 answers to the manual's commands with the manual's answers, byte for byte.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::time::Duration;

use sim::m100::{Build, M100};
use sim::serial::tag::Tag;
use sim::serial::{Emulated, Field};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// What the module says to this.
fn said(module: &mut M100, field: &mut Field, command: &[u8]) -> Vec<u8> {
    module.handle_input(Duration::from_secs(1), command, field);
    std::iter::from_fn(|| module.poll_output()).collect::<Vec<_>>().concat()
}

#[test]
fn commands_of_the_manual_get_the_answers_of_the_manual() {
    let mut module = M100::new(Build::default());
    // The manual's tag: PC 3400 tells of user memory, so its EPC bank is written as it stands there.
    let mut tag = Tag::new(&hex("30751feb705c5904e3d50d70"), 1, 4);
    tag.write(1, 1, &[0x3400], 0).unwrap();
    tag.write(3, 0, &[0x1234, 0x5678], 0).unwrap();
    tag.write(0, 2, &[0, 0xFFFF], 0).unwrap();
    let mut field = Field::new(vec![tag], 100.0);
    let dialogue = [
        ("bb0007000101097e", "bb0107000100097e"),
        ("bb00080000087e", "bb01080001010b7e"),
        ("bb00b6000207d08f7e", "bb01b6000100b87e"),
        ("bb00b70000b77e", "bb01b7000207d0917e"),
        ("bb000e00021020407e", "bb010e000100107e"),
        ("bb000d00000d7e", "bb010d00021020407e"),
        ("bb00ad0001ffad7e", "bb01ad000100af7e"),
        ("bb00ab000101ad7e", "bb01ab000100ad7e"),
        ("bb00f00004030601b0ae7e", "bb01f0000100f27e"),
        ("bb00f10000f17e", "bb01f10004030601b0b07e"),
        ("bb00b00001ffb07e", "bb01b0000100b27e"),
        ("bb001d000102207e", "bb011d000102217e"),
        ("bb000c00130100000020600030751feb705c5904e3d50d70ad7e", "bb010c0001000e7e"),
        ("bb000b00000b7e", "bb010b00130100000020600030751feb705c5904e3d50d70ad7e"),
        ("bb003900090000ffff0300000002457e", "bb013900130e340030751feb705c5904e3d50d7012345678b07e"),
        ("bb0049000d0000ffff0300000002123456786d7e", "bb014900100e340030751feb705c5904e3d50d7000a97e"),
        ("bb00280000287e", "bb01280001002a7e"),
        ("bb00170000177e", "bb0117000100197e"),
    ];
    for (command, answer) in dialogue {
        assert_eq!(said(&mut module, &mut field, &hex(command)), hex(answer), "to {command}");
    }
    // Asleep: the first byte wakes it and is lost, and with it the command.
    assert_eq!(said(&mut module, &mut field, &hex("bb00b70000b77e")), [0_u8; 0]);
    assert_eq!(said(&mut module, &mut field, &hex("bb00b70000b77e")), hex("bb01b7000207d0917e"));
    // A wrong password, memory that is not there, no such tag.
    let wrong = [&hex("bb003900090000fffe030000000244")[..], &[0x7E]].concat();
    assert_eq!(said(&mut module, &mut field, &wrong), hex("bb01ff0010160e340030751feb705c5904e3d50d70757e"));
    let beyond = [&hex("bb003900090000ffff030020000265")[..], &[0x7E]].concat();
    assert_eq!(said(&mut module, &mut field, &beyond), hex("bb01ff0010a30e340030751feb705c5904e3d50d70027e"));
    field.tags.clear();
    assert_eq!(said(&mut module, &mut field, &hex("bb00220000227e")), hex("bb01ff000115167e"));
    assert_eq!(
        said(&mut module, &mut field, &hex("bb003900090000ffff0300000002457e")),
        hex("bb01ff0001090a7e")
    );
}

#[test]
fn a_command_with_a_wrong_sum_is_not_obeyed_and_the_next_one_is_found() {
    let mut module = M100::new(Build::default());
    let mut field = Field::new(Vec::new(), 0.0);
    let noise = [hex("bb00220000237e"), hex("00ff7e"), hex("bb00280000287e")].concat();
    assert_eq!(said(&mut module, &mut field, &noise), hex("bb01280001002a7e"));
}
