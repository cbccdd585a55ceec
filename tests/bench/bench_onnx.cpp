#include "dialects/onnx/recover.h"
#include "formats/onnx/onnx_reader.h"
#include "network/network.h"

#include <benchmark/benchmark.h>
#ifdef QUANTSCOPE_BENCH_PROTOBUF
#define ONNX_ML 1 // else its header is not found
#include <onnx/onnx_pb.h>
#endif

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>

using namespace quantscope;

namespace {

// A small protobuf writer: enough for initializers and nodes.
std::string varint(std::uint64_t value)
{
    std::string out;
    for (; value >= 0x80; value >>= 7)
        out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
}
std::string number(unsigned field, std::uint64_t value) { return varint(field << 3) + varint(value); }
std::string text(unsigned field, const std::string &bytes)
{
    return varint(field << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string node(
    const std::string &op, const std::string &name, const std::vector<std::string> &inputs, const std::string &output)
{
    std::string body;
    for (const std::string &input : inputs)
        body += text(1, input);
    return text(1, body + text(2, output) + text(3, name) + text(4, op));
}

/// The head of an int8 initializer of `bytes` bytes: all but the raw data itself.
std::string initializerHead(const std::string &name, std::uint64_t bytes)
{
    const std::string fields = number(1, bytes / 1024) + number(1, 1024) + number(2, 3) + text(8, name);
    const std::string raw = varint(9u << 3 | 2) + varint(bytes);
    return varint(5u << 3 | 2) + varint(fields.size() + raw.size() + bytes) + fields + raw;
}

/// DequantizeLinear and MatMul for every weight, whose data is a hole: the file takes no room on the disk.
std::string sparseModel(const char *name, std::size_t weights, std::uint64_t bytesEach)
{
    const std::string path = std::string("/tmp/") + name;
    std::vector<std::string> pieces;
    std::string nodes, input = "x";
    const float one = 1;
    nodes += text(
        5, number(2, 1) + text(8, "scale") + text(9, std::string(reinterpret_cast<const char *>(&one), sizeof one)));
    std::uint64_t graphBytes = 0;
    for (std::size_t i = 0; i < weights; ++i) {
        const std::string id = std::to_string(i);
        pieces.push_back(initializerHead("fc" + id + ".weight", bytesEach));
        graphBytes += pieces.back().size() + bytesEach;
        nodes += node("DequantizeLinear", "dq" + id, {"fc" + id + ".weight", "scale"}, "w" + id);
        nodes += node("MatMul", "/fc" + id + "/MatMul", {input, "w" + id}, "y" + id);
        input = "y" + id;
    }
    const std::string head
        = number(1, 10) + text(8, number(2, 13)) + varint(7u << 3 | 2) + varint(graphBytes + nodes.size());
    const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    std::uint64_t at = 0;
    const auto put = [&](const std::string &bytes) {
        if (::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at)) != static_cast<ssize_t>(bytes.size()))
            std::abort();
        at += bytes.size();
    };
    put(head);
    for (const std::string &piece : pieces) {
        put(piece);
        at += bytesEach;
    }
    put(nodes);
    ::close(file);
    return path;
}

std::shared_ptr<const ModelFile> open(const std::string &path)
{
    auto source = FileSource::open(path);
    if (!source)
        std::abort();
    return std::make_shared<ModelFile>(readOnnx({*source, path, {}, {}}));
}

/// Two weights of 1.5 GB: past what protobuf's classes can hold.
void openThreeGigabytes(benchmark::State &state)
{
    const std::string path = sparseModel("quantscope_bench_3g.onnx", 2, 1536ull << 20);
    for (auto _ : state)
        benchmark::DoNotOptimize(open(path));
    ::unlink(path.c_str());
}
BENCHMARK(openThreeGigabytes)->Unit(benchmark::kMillisecond);

void open384Initializers(benchmark::State &state)
{
    const std::string path = sparseModel("quantscope_bench_384.onnx", 384, 1336 * 1024);
    for (auto _ : state)
        benchmark::DoNotOptimize(open(path));
    ::unlink(path.c_str());
}
BENCHMARK(open384Initializers)->Unit(benchmark::kMillisecond);

void list384Layers(benchmark::State &state)
{
    const std::string path = sparseModel("quantscope_bench_384l.onnx", 384, 1336 * 1024);
    const auto file = open(path);
    for (auto _ : state)
        benchmark::DoNotOptimize(listOnnx(file));
    ::unlink(path.c_str());
}
BENCHMARK(list384Layers)->Unit(benchmark::kMillisecond);

void recover384Layers(benchmark::State &state)
{
    const std::string path = sparseModel("quantscope_bench_384r.onnx", 384, 1336 * 1024);
    Network network = listOnnx(open(path));
    for (auto _ : state)
        recoverOnnx(network, {});
    ::unlink(path.c_str());
}
BENCHMARK(recover384Layers)->Unit(benchmark::kMillisecond);

#ifdef QUANTSCOPE_BENCH_PROTOBUF
/// The same file by the classes that protoc made of onnx.proto: all of it is copied into memory.
void parse384InitializersByProtobuf(benchmark::State &state)
{
    const std::string path = sparseModel("quantscope_bench_384p.onnx", 384, 1336 * 1024);
    for (auto _ : state) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        onnx::ModelProto model;
        if (!model.ParseFromFileDescriptor(file))
            std::abort();
        benchmark::DoNotOptimize(model.graph().initializer_size());
        ::close(file);
    }
    ::unlink(path.c_str());
}
BENCHMARK(parse384InitializersByProtobuf)->Unit(benchmark::kMillisecond);
#endif

/// What `inspect --list` does: open and list.
void openAndList384(benchmark::State &state)
{
    const std::string path = sparseModel("quantscope_bench_384o.onnx", 384, 1336 * 1024);
    for (auto _ : state)
        benchmark::DoNotOptimize(listOnnx(open(path)));
    ::unlink(path.c_str());
}
BENCHMARK(openAndList384)->Unit(benchmark::kMillisecond);

} // namespace
