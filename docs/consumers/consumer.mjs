// An executor in Node: carries out the decisions that are ours and says how it goes.
// OMNIROUTE_EXECUTOR=crm node consumer.mjs          (npm install kafkajs; rules: ../consumers.md)
import { Kafka, Partitioners, logLevel } from "kafkajs";

const { OMNIROUTE_KAFKA = "127.0.0.1:9092", OMNIROUTE_PREFIX: PREFIX = "" } = process.env;
const ME = process.env.OMNIROUTE_EXECUTOR;
const TO_DO = new Set(["route", "move", "callback"]); // the others: file it, no work
const held = new Map(); // source + event_id -> the newest decision and its state; your database

const kafka = new Kafka({ brokers: OMNIROUTE_KAFKA.split(","), logLevel: logLevel.ERROR });
// kafkajs reads committed records only unless told otherwise; its partitioner is murmur2.
const consumer = kafka.consumer({ groupId: PREFIX + ME, maxWaitTimeInMs: 200 });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });

async function say(kind, work, more = {}, about = work) {
  const event = { // the same id whenever it is said again: a repetition is a duplicate, no harm
    event_id: `${about.decision_id}/${more.cause ?? kind}`, source: `executor/${ME}`, kind,
    decision_id: work.decision_id, customer_id: work.customer_id, contact_id: work.contact_id, ...more,
  };
  const messages = [{ key: work.customer_id, value: JSON.stringify(event) }];
  await producer.send({ topic: `${PREFIX}contact.events`, acks: -1, messages });
}

async function take(decision) {
  const chain = JSON.stringify([decision.source, decision.event_id]);
  const before = held.get(chain);
  const mine = decision.executor === ME && (decision.effect ?? "live") === "live";
  if (!mine && !before) return; // never ours
  if (before && decision.revision <= before.revision) return; // seen before, or older
  if (before?.state === "started")
    return say("routing.started", before, { cause: "revision_ignored" }, decision);
  const dead = !mine || decision.type === "decision.cancelled";
  const work = { ...decision, state: dead ? "dropped" : "filed" };
  held.set(chain, work);
  if (dead || !TO_DO.has(decision.action)) return;
  work.state = "accepted";
  await say("routing.accepted", work);
}

async function startDue() {
  for (const work of held.values()) {
    if (work.state !== "accepted" || Date.parse(work.not_before ?? 0) > Date.now()) continue;
    work.state = "started";
    await say("routing.started", work);
    console.log(`${work.action}: ${work.channel}, queue ${work.queue}`); // your work
    await say("routing.completed", work, { outcome: "solved" });
  }
}

let turn = Promise.resolve(); // one thing at a time: batches and the clock take turns
const inTurn = (step) => (turn = turn.then(step));
await Promise.all([consumer.connect(), producer.connect()]);
await consumer.subscribe({ topic: `${PREFIX}contact.decisions`, fromBeginning: true });
await consumer.run({ // the offsets of a batch are committed when this has returned
  eachBatch: ({ batch }) => inTurn(async () => {
    for (const record of batch.messages) await take(JSON.parse(record.value));
    await startDue();
  }),
});
setInterval(() => inTurn(startDue), 200);
