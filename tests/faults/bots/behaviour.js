// What the bots in JavaScript have in common; behaviour.py says the same.
const HANDLER_SECONDS = Number(process.env.HANDLER_SECONDS ?? "0.2");
const INSTANCE = process.env.INSTANCE_ID ?? "?";

function fail(text) {
  const [word, whom] = text.split(" ");
  if (whom && whom !== INSTANCE) return;
  if (word === "/crash") process.exit(3);
  if (word === "/hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

// Resolves to the answer to a message, after some work.
export async function work(message) {
  fail(message.text);
  await new Promise((resolve) => setTimeout(resolve, HANDLER_SECONDS * 1000));
  return `${message.text} | ${INSTANCE}`;
}
