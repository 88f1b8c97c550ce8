package main

import (
	"github.com/twmb/franz-go/pkg/kgo"
)

var consuming = []scenario{
	{"go-assigned", assigned},
	{"go-out-of-range", outOfRange},
	{"go-fetch-sizes", fetchSizes},
}

func at(topic string, partition int32, offset kgo.Offset) kgo.Opt {
	return kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: offset}})
}

func assigned(bootstrap, name string) {
	createTopic(bootstrap, name, 1)
	fill(bootstrap, name, 1, 10, "v")
	for _, start := range []struct {
		name   string
		offset kgo.Offset
		count  int
	}{
		{"start", kgo.NewOffset().AtStart(), 10},
		{"offset 7", kgo.NewOffset().At(7), 3},
		{"two before the end", kgo.NewOffset().AtEnd().Relative(-2), 2},
		{"the stamp of the fifth", kgo.NewOffset().AfterMilli(1_700_000_000_004), 6},
	} {
		say("from %s", start.name)
		client := connect(bootstrap, at(name, 0, start.offset))
		sayRecords(read(client, start.count))
		client.Close()
	}
	client := connect(bootstrap, at(name, 0, kgo.NewOffset().At(9)))
	defer client.Close()
	sayRecords(read(client, 1))
	say("another partition added")
	createTopic(bootstrap, name+"-more", 1)
	fill(bootstrap, name+"-more", 1, 2, "m")
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{
		name + "-more": {0: kgo.NewOffset().AtStart()},
	})
	sayRecords(read(client, 2))
}

func outOfRange(bootstrap, name string) {
	createTopic(bootstrap, name, 1)
	fill(bootstrap, name, 1, 3, "v")
	for _, reset := range []struct {
		name   string
		offset kgo.Offset
	}{{"start", kgo.NewOffset().AtStart()}, {"none", kgo.NoResetOffset()}} {
		say("offset 500, reset to %s", reset.name)
		client := connect(bootstrap, at(name, 0, kgo.NewOffset().At(500)),
			kgo.ConsumeResetOffset(reset.offset))
		if reset.name == "none" {
			ctx, cancel := background()
			for _, problem := range client.PollFetches(ctx).Errors() {
				say("  %s/%d: %s", problem.Topic, problem.Partition, outcome(problem.Err))
			}
			cancel()
		} else {
			sayRecords(read(client, 3))
		}
		client.Close()
	}
}

// Large batches through small fetches: each answer carries at least one batch.
func fetchSizes(bootstrap, name string) {
	createTopic(bootstrap, name, 2)
	client := connect(bootstrap, kgo.ProducerBatchCompression(kgo.NoCompression()))
	ctx, cancel := background()
	defer cancel()
	for turn := range 20 {
		record := &kgo.Record{Topic: name, Partition: int32(turn % 2), Value: make([]byte, 3000)}
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			say("produce: %s", outcome(err))
		}
	}
	client.Close()
	reader := connect(bootstrap,
		kgo.ConsumeTopics(name),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxBytes(1000), kgo.FetchMaxPartitionBytes(1000))
	defer reader.Close()
	records := read(reader, 20)
	for _, record := range records {
		record.Value = record.Value[:1]
		record.Value[0] = '.'
	}
	sayRecords(records)
}
