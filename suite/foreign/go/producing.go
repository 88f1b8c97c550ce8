package main

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

var producing = []scenario{
	{"go-produce", produce},
	{"go-codecs", codecs},
	{"go-in-flight", inFlight},
	{"go-refused", refusedRecords},
}

// Plain with each acks, idempotent, keys, headers and nulls.
func produce(bootstrap, name string) {
	createTopic(bootstrap, name, 2)
	for _, acks := range []struct {
		name string
		acks kgo.Acks
	}{{"1", kgo.LeaderAck()}, {"0", kgo.NoAck()}, {"all", kgo.AllISRAcks()}} {
		say("acks=%s, not idempotent", acks.name)
		client := connect(bootstrap, kgo.RequiredAcks(acks.acks), kgo.DisableIdempotentWrite())
		produceSync(client, name, 2, 4, "p"+acks.name)
		client.Close()
	}
	say("idempotent")
	client := connect(bootstrap)
	defer client.Close()
	produceSync(client, name, 2, 4, "i")
	ctx, cancel := background()
	defer cancel()
	for _, record := range []*kgo.Record{
		{Topic: name, Key: []byte("only a key")},
		{Topic: name, Key: []byte{}, Value: []byte{}},
		{Topic: name, Key: []byte("h"), Value: []byte("headers"), Headers: []kgo.RecordHeader{
			{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}, {Key: "", Value: nil},
		}},
	} {
		err := client.ProduceSync(ctx, record).FirstErr()
		say("  %s: %s", told(record), outcome(err))
	}
	uncommitted(bootstrap, name, 2)
}

func codecs(bootstrap, name string) {
	createTopic(bootstrap, name, 1)
	for _, codec := range []struct {
		name  string
		codec kgo.CompressionCodec
	}{
		{"none", kgo.NoCompression()},
		{"gzip", kgo.GzipCompression()},
		{"snappy", kgo.SnappyCompression()},
		{"lz4", kgo.Lz4Compression()},
		{"zstd", kgo.ZstdCompression()},
	} {
		client := connect(bootstrap, kgo.ProducerBatchCompression(codec.codec))
		ctx, cancel := background()
		value := fmt.Appendf(nil, "%-6s %s", codec.name, bytes.Repeat([]byte("x"), 1000))
		record := &kgo.Record{Topic: name, Value: value}
		err := client.ProduceSync(ctx, record).FirstErr()
		say("%s: %s at %d", codec.name, outcome(err), record.Offset)
		cancel()
		client.Close()
	}
	uncommitted(bootstrap, name, 1)
}

// Thousands of records with several requests in flight keep their order.
func inFlight(bootstrap, name string) {
	createTopic(bootstrap, name, 2)
	client := connect(bootstrap, kgo.ProducerBatchMaxBytes(4096))
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	var lock sync.Mutex
	reports, inOrder := 0, true
	for at := range 4000 {
		turn := int64(at / 2)
		record := &kgo.Record{Topic: name, Partition: int32(at % 2), Value: make([]byte, 200)}
		client.Produce(ctx, record, func(record *kgo.Record, err error) {
			lock.Lock()
			defer lock.Unlock()
			reports++
			inOrder = inOrder && err == nil && record.Offset == turn
		})
	}
	err := client.Flush(ctx)
	lock.Lock()
	defer lock.Unlock()
	say("flush %s, %d reports, each at the offset of its turn: %t", outcome(err), reports, inOrder)
}

func refusedRecords(bootstrap, name string) {
	createTopic(bootstrap, name, 1, "max.message.bytes", "2000")
	client := connect(bootstrap, kgo.ProducerBatchCompression(kgo.NoCompression()))
	defer client.Close()
	ctx, cancel := background()
	defer cancel()
	large := &kgo.Record{Topic: name, Value: make([]byte, 5000)}
	say("too large: %s", outcome(client.ProduceSync(ctx, large).FirstErr()))
	small := &kgo.Record{Topic: name, Value: make([]byte, 50)}
	err := client.ProduceSync(ctx, small).FirstErr()
	say("small: %s at %d", outcome(err), small.Offset)
	compacted := name + "-compacted"
	createTopic(bootstrap, compacted, 1, "cleanup.policy", "compact")
	keyless := &kgo.Record{Topic: compacted, Value: []byte("keyless")}
	say("no key: %s", outcome(client.ProduceSync(ctx, keyless).FirstErr()))
	keyed := &kgo.Record{Topic: compacted, Key: []byte("k"), Value: []byte("keyed")}
	err = client.ProduceSync(ctx, keyed).FirstErr()
	say("a key: %s at %d", outcome(err), keyed.Offset)
	missing := &kgo.Record{Topic: name + "-missing", Value: []byte("x")}
	say("no topic: %s", outcome(client.ProduceSync(ctx, missing).FirstErr()))
}
