// An executor in Java: carries out the decisions that are ours and says how it goes.
// OMNIROUTE_EXECUTOR=crm java -cp "kafka-clients and jackson-databind" Consumer.java
// The rules are in ../consumers.md.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.time.Instant;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.*;

public class Consumer {
  static final String BROKERS = System.getenv().getOrDefault("OMNIROUTE_KAFKA", "127.0.0.1:9092");
  static final String PREFIX = System.getenv().getOrDefault("OMNIROUTE_PREFIX", "");
  static final String ME = System.getenv("OMNIROUTE_EXECUTOR");
  static final Set<String> TO_DO = Set.of("route", "move", "callback"); // others: file it, no work
  static final ObjectMapper JSON = new ObjectMapper();

  /** A decision and how far we are with it. */
  static class Work {
    final JsonNode decision;
    String state;
    Work(JsonNode decision, String state) { this.decision = decision; this.state = state; }
    String text(String field) { return decision.path(field).asText(); }
  }

  static final Map<List<String>, Work> held = new LinkedHashMap<>(); // keep it in your database
  static KafkaProducer<String, String> producer;

  static void say(String kind, Work work, JsonNode about, Map<String, String> more) throws Exception {
    var event = new LinkedHashMap<String, String>(Map.of(
        // the same id whenever it is said again: a repetition is a duplicate, no harm
        "event_id", about.path("decision_id").asText() + "/" + more.getOrDefault("cause", kind),
        "source", "executor/" + ME, "kind", kind, "decision_id", work.text("decision_id"),
        "customer_id", work.text("customer_id"), "contact_id", work.text("contact_id")));
    event.putAll(more);
    var value = JSON.writeValueAsString(event); // the default partitioner is murmur2
    producer.send(new ProducerRecord<>(PREFIX + "contact.events", work.text("customer_id"), value)).get();
  }

  static void take(JsonNode decision) throws Exception {
    var chain = List.of(decision.path("source").asText(), decision.path("event_id").asText());
    var before = held.get(chain);
    boolean mine = decision.path("executor").asText().equals(ME)
        && decision.path("effect").asText("live").equals("live");
    if (!mine && before == null) return; // never ours
    if (before != null && decision.path("revision").asInt() <= before.decision.path("revision").asInt())
      return; // seen before, or older than what we hold
    if (before != null && before.state.equals("started")) {
      say("routing.started", before, decision, Map.of("cause", "revision_ignored"));
      return;
    }
    boolean dead = !mine || decision.path("type").asText().equals("decision.cancelled");
    var work = new Work(decision, dead ? "dropped" : "filed");
    held.put(chain, work);
    if (dead || !TO_DO.contains(work.text("action"))) return;
    work.state = "accepted";
    say("routing.accepted", work, decision, Map.of());
  }

  static void startDue() throws Exception {
    for (var work : held.values()) {
      boolean due = !work.decision.has("not_before")
          || !Instant.parse(work.text("not_before")).isAfter(Instant.now());
      if (!work.state.equals("accepted") || !due) continue;
      work.state = "started";
      say("routing.started", work, work.decision, Map.of());
      System.out.println(work.text("action") + ": " + work.text("channel") + ", queue " + work.text("queue"));
      say("routing.completed", work, work.decision, Map.of("outcome", "solved"));
    }
  }

  public static void main(String[] args) throws Exception {
    producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", BROKERS),
        new StringSerializer(), new StringSerializer());
    var consumer = new KafkaConsumer<>(Map.<String, Object>of(
        "bootstrap.servers", BROKERS, "group.id", PREFIX + ME, "enable.auto.commit", "false",
        "isolation.level", "read_committed", // NOT the default in Java
        "auto.offset.reset", "earliest"), new StringDeserializer(), new StringDeserializer());
    consumer.subscribe(List.of(PREFIX + "contact.decisions"));
    while (true) {
      for (var record : consumer.poll(Duration.ofMillis(200))) take(JSON.readTree(record.value()));
      startDue();
      consumer.commitSync();
    }
  }
}
