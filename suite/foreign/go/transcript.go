package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Longer than anything should take.
const patience = 40 * time.Second

// One line of the transcript.
func say(format string, arguments ...any) {
	fmt.Printf(format+"\n", arguments...)
}

// An error by its name in the protocol, without the text around it.
func outcome(err error) string {
	var known *kerr.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &known):
		return known.Message
	case errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	default:
		return err.Error()
	}
}

func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// A client; it is closed by the caller.
func connect(bootstrap string, options ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MetadataMinAge(50 * time.Millisecond),
	}, options...)...)
	if err != nil {
		panic(err)
	}
	return client
}

// Makes a topic and waits until the metadata has all of it.
func createTopic(bootstrap, name string, partitions int32, configs ...string) {
	createReplicated(bootstrap, name, partitions, 1, configs...)
}

func createReplicated(bootstrap, name string, partitions int32, replicas int16, configs ...string) {
	client := connect(bootstrap)
	defer client.Close()
	admin := kadm.NewClient(client)
	values := map[string]*string{}
	for at := 0; at+1 < len(configs); at += 2 {
		values[configs[at]] = &configs[at+1]
	}
	ctx, cancel := background()
	defer cancel()
	if _, err := admin.CreateTopic(ctx, partitions, replicas, values, name); err != nil {
		say("create %s: %s", name, outcome(err))
	}
	waitUntil("topic "+name, func() bool {
		details, err := admin.ListTopics(ctx, name)
		return err == nil && len(details[name].Partitions) == int(partitions)
	})
}

// Waits until the condition holds.
func waitUntil(what string, condition func() bool) bool {
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			say("waited in vain for %s", what)
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
	return true
}

func show(data []byte) string {
	switch {
	case data == nil:
		return "null"
	case len(data) > 40:
		return fmt.Sprintf("%s..(%d)", data[:8], len(data))
	default:
		return string(data)
	}
}

// A record's contents and place, without times.
func told(record *kgo.Record) string {
	headers := ""
	for _, header := range record.Headers {
		headers += fmt.Sprintf(" %s=%s", header.Key, show(header.Value))
	}
	return fmt.Sprintf("%s/%d@%d %s=%s%s", record.Topic, record.Partition, record.Offset,
		show(record.Key), show(record.Value), headers)
}

func sayRecords(records []*kgo.Record) {
	sort.Slice(records, func(i, j int) bool {
		a, b := records[i], records[j]
		if a.Topic != b.Topic {
			return a.Topic < b.Topic
		}
		if a.Partition != b.Partition {
			return a.Partition < b.Partition
		}
		return a.Offset < b.Offset
	})
	for _, record := range records {
		say("  %s", told(record))
	}
}

// Polls until there are as many records, and says errors as they come.
func read(client *kgo.Client, count int) []*kgo.Record {
	var found []*kgo.Record
	ctx, cancel := background()
	defer cancel()
	for len(found) < count {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			say("waited in vain for %d records, got %d", count, len(found))
			break
		}
		fetches.EachError(func(topic string, partition int32, err error) {
			say("  %s/%d: %s", topic, partition, outcome(err))
		})
		found = append(found, fetches.Records()...)
	}
	return found
}

// Produces records `prefix0`, `prefix1`, ... over the partitions in turn, one
// after the other, and says where they went.
func fill(bootstrap, topic string, partitions int32, count int, prefix string) {
	client := connect(bootstrap)
	defer client.Close()
	produceSync(client, topic, partitions, count, prefix)
}

func produceSync(client *kgo.Client, topic string, partitions int32, count int, prefix string) {
	ctx, cancel := background()
	defer cancel()
	for at := range count {
		record := &kgo.Record{
			Topic:     topic,
			Partition: int32(at) % partitions,
			Value:     fmt.Appendf(nil, "%s%d", prefix, at),
			Timestamp: time.UnixMilli(1_700_000_000_000 + int64(at)),
		}
		err := client.ProduceSync(ctx, record).FirstErr()
		if err != nil {
			say("  %s: %s", record.Value, outcome(err))
			continue
		}
		say("  %s at %d@%d", record.Value, record.Partition, record.Offset)
	}
}

// Says what a reader from the start sees, up to what is there when it starts.
func dump(bootstrap, topic string, partitions int32, isolation kgo.IsolationLevel, label string) {
	client := connect(bootstrap)
	defer client.Close()
	admin := kadm.NewClient(client)
	ctx, cancel := background()
	defer cancel()
	ends, err := admin.ListEndOffsets(ctx, topic)
	stable, err2 := admin.ListCommittedOffsets(ctx, topic)
	if err != nil || err2 != nil {
		say("dump %s: %s %s", topic, outcome(err), outcome(err2))
		return
	}
	say("%s %s", topic, label)
	for partition := range partitions {
		end, _ := ends.Lookup(topic, partition)
		committed, _ := stable.Lookup(topic, partition)
		upto := end.Offset
		if label == "read_committed" {
			upto = committed.Offset
		}
		say("  partition %d ends at %d, stable to %d", partition, end.Offset, committed.Offset)
		sayRecords(upTo(bootstrap, topic, partition, upto, isolation))
	}
}

// All records of a partition below an offset; markers are kept to see its end.
func upTo(bootstrap, topic string, partition int32, end int64, isolation kgo.IsolationLevel) []*kgo.Record {
	if end == 0 {
		return nil
	}
	client := connect(bootstrap,
		kgo.FetchIsolationLevel(isolation),
		kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
			topic: {partition: kgo.NewOffset().AtStart()},
		}))
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	var kept []*kgo.Record
	for last := int64(-1); last < end-1; {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			say("waited in vain for offset %d of %s/%d", end-1, topic, partition)
			break
		}
		for _, record := range fetches.Records() {
			last = max(last, record.Offset)
			if record.Attrs.IsControl() {
				record.Value, record.Headers = []byte("marker"), nil
				record.Key = nil
			}
			kept = append(kept, record)
		}
	}
	return kept
}

func uncommitted(bootstrap, topic string, partitions int32) {
	dump(bootstrap, topic, partitions, kgo.ReadUncommitted(), "read_uncommitted")
}

func committed(bootstrap, topic string, partitions int32) {
	dump(bootstrap, topic, partitions, kgo.ReadCommitted(), "read_committed")
}
