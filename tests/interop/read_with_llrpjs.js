// Reads tags with llrpjs for a while, as its README does; prints each EPC that was read, once, in hexadecimal capitals.
//
//     node read_with_llrpjs.js HOST PORT SECONDS

const { LLRPClient, LLRPCore } = require("llrpjs");
const rospec = require("llrpjs/examples/ADD_ROSPEC.json");

const [host, port, seconds] = process.argv.slice(2);
const reader = new LLRPClient({ host, port: Number(port) });
const seen = new Set();

reader.on("RO_ACCESS_REPORT", (message) => {
  for (const tag of [message.getTagReportData()].flat()) {
    seen.add(tag.getEPCParameter().getEPC().toUpperCase());
  }
});
reader.on("error", (error) => {
  console.error(error);
  process.exit(1);
});

(async () => {
  await reader.connect();
  const greeting = await reader.recv(7000);
  const status = greeting.getReaderEventNotificationData().getConnectionAttemptEvent()?.getStatus();
  if (status !== "Success") throw new Error(`not connected: ${status}`);
  const ask = async (message) => {
    const answer = await reader.transact(message);
    const said = answer.getLLRPStatus();
    if (said.getStatusCode() !== "M_Success") {
      throw new Error(`${answer.getName()}: ${said.getStatusCode()} ${said.getErrorDescription()}`);
    }
  };
  const { ROSpecID } = rospec.data.ROSpec;
  await ask(new LLRPCore.DELETE_ROSPEC({ data: { ROSpecID: 0 } }));
  await ask(new LLRPCore.SET_READER_CONFIG({ data: { ResetToFactoryDefault: true } }));
  await ask(new LLRPCore.GET_READER_CAPABILITIES({ data: { RequestedData: "All" } }));
  await ask(new LLRPCore.ADD_ROSPEC(rospec));
  await ask(new LLRPCore.ENABLE_ROSPEC({ data: { ROSpecID } }));
  await ask(new LLRPCore.START_ROSPEC({ data: { ROSpecID } }));
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
  console.log([...seen].sort().join("\n"));
  // Its transactions take the first message that comes for the answer, and then wait for ever: an inventory that runs is
  // ended by hanging up.
  await reader.disconnect();
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
