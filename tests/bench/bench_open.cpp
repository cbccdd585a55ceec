// How long a checkpoint takes to open: the listing reads the directory and the pickle, never a storage.

#include "formats/open_model.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include <unistd.h>

#include <fmt/format.h>
#include <zlib.h>

using namespace quantscope;

namespace {

template <class T> std::string le(T value) { return {reinterpret_cast<const char *>(&value), sizeof(T)}; }
std::string pickled(const std::string &text) { return "X" + le(static_cast<std::uint32_t>(text.size())) + text; }
std::string pickled(std::uint32_t number) { return "J" + le(number); }

/// A state_dict of `tensors` float32 vectors with `elements` each, as torch.save writes it.
std::string stateDict(std::uint32_t tensors, std::uint32_t elements)
{
    std::string out = "\x80\x02"
                      "ccollections\nOrderedDict\n)R(";
    for (std::uint32_t i = 0; i < tensors; ++i) {
        out += pickled(fmt::format("layers.{}.weight", i)) + "ctorch._utils\n_rebuild_tensor_v2\n(("
            + pickled("storage");
        out += "ctorch\nFloatStorage\n" + pickled(std::to_string(i)) + pickled("cpu") + pickled(elements) + "tQK";
        out += std::string(1, '\0') + "(" + pickled(elements) + "t(K\x01t\x89" + "ccollections\nOrderedDict\n)RtR";
    }
    return out + "u.";
}

/// Writes a sparse zip archive: the zeros of the storages take no room on the disk.
class SparseZip {
public:
    explicit SparseZip(const std::string &path)
        : m_out(path, std::ios::binary)
    {
    }

    void add(const std::string &name, const std::string &content)
    {
        begin(name, content.size(), crcOf(content));
        m_out << content;
        m_at += content.size();
    }
    void addZeros(const std::string &name, std::uint64_t bytes, std::uint32_t crc)
    {
        begin(name, bytes, crc);
        m_at += bytes;
        m_out.seekp(static_cast<std::streamoff>(m_at));
    }
    void finish()
    {
        const std::uint64_t directory = m_at;
        m_out << m_directory;
        const std::uint64_t end64 = directory + m_directory.size();
        m_out << "PK\x06\x06" << le<std::uint64_t>(44) << le<std::uint32_t>(0x002d002d) << le<std::uint64_t>(0);
        m_out << le(m_count) << le(m_count) << le<std::uint64_t>(m_directory.size()) << le(directory);
        m_out << "PK\x06\x07" << le<std::uint32_t>(0) << le(end64) << le<std::uint32_t>(1);
        m_out << "PK\x05\x06" << le<std::uint32_t>(0) << le<std::uint16_t>(0xFFFF) << le<std::uint16_t>(0xFFFF);
        m_out << le<std::uint32_t>(0xFFFFFFFF) << le<std::uint32_t>(0xFFFFFFFF) << le<std::uint16_t>(0);
    }
    static std::uint32_t crcOf(const std::string &content)
    {
        return static_cast<std::uint32_t>(
            ::crc32_z(0, reinterpret_cast<const Bytef *>(content.data()), content.size()));
    }

private:
    void begin(const std::string &name, std::uint64_t bytes, std::uint32_t crc)
    {
        // torch pads each member to 64 bytes by an extra field "FB".
        const std::uint64_t dataAt = (m_at + 30 + name.size() + 4 + 63) / 64 * 64;
        const auto padding = static_cast<std::uint16_t>(dataAt - m_at - 30 - name.size() - 4);
        const std::string sizes
            = le(crc) + le(static_cast<std::uint32_t>(bytes)) + le(static_cast<std::uint32_t>(bytes));
        const std::string common = le<std::uint16_t>(0) + le<std::uint16_t>(0) + le<std::uint32_t>(0) + sizes
            + le(static_cast<std::uint16_t>(name.size()));
        m_directory
            += "PK\x01\x02" + le<std::uint32_t>(0x002d002d) + common + le<std::uint16_t>(12) + std::string(10, '\0');
        m_directory += le<std::uint32_t>(0xFFFFFFFF) + name + le<std::uint16_t>(1) + le<std::uint16_t>(8) + le(m_at);
        m_out << "PK\x03\x04" << le<std::uint16_t>(45) << common << le(static_cast<std::uint16_t>(padding + 4)) << name
              << "FB" << le(padding) << std::string(padding, 'Z');
        m_at = dataAt;
        ++m_count;
    }
    std::ofstream m_out;
    std::string m_directory;
    std::uint64_t m_at = 0;
    std::uint64_t m_count = 0;
};

/// A generated checkpoint that goes away with the process.
struct Generated {
    std::string path;
    Generated(std::uint32_t tensors, std::uint32_t elements)
        : path(fmt::format("/tmp/quantscope-bench-{}-{}.pt", ::getpid(), tensors))
    {
        const std::string zeros(std::size_t{elements} * 4, '\0');
        const std::uint32_t crc = SparseZip::crcOf(zeros);
        SparseZip zip(path);
        zip.add("archive/data.pkl", stateDict(tensors, elements));
        for (std::uint32_t i = 0; i < tensors; ++i)
            zip.addZeros(fmt::format("archive/data/{}", i), zeros.size(), crc);
        zip.add("archive/version", "3\n");
        zip.finish();
    }
    ~Generated() { std::remove(path.c_str()); }
};

double residentMegabytes()
{
    std::ifstream statm("/proc/self/statm");
    double total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void list(benchmark::State &state, const std::string &path)
{
    std::size_t tensors = 0;
    for (auto _ : state) {
        const auto file = openModel(path);
        if (!file)
            return state.SkipWithError(file.error().text().c_str());
        tensors = (*file)->tensors.size();
        state.PauseTiming();
        state.counters["resident_MB"] = residentMegabytes();
        state.ResumeTiming();
    }
    state.counters["tensors"] = static_cast<double>(tensors);
}

void listSample(benchmark::State &state) { list(state, QUANTSCOPE_SOURCE_DIR "/resources/samples/digits_fixed.pt"); }

void listGigabyte(benchmark::State &state)
{
    static const Generated file(256, 1 << 20);
    list(state, file.path);
}

void listHundredThousand(benchmark::State &state)
{
    static const Generated file(100'000, 16);
    list(state, file.path);
}

/// Every element of a 1 GB checkpoint as float32, through one reader a tensor.
void readGigabyte(benchmark::State &state)
{
    static const Generated generated(256, 1 << 20);
    const auto file = openModel(generated.path);
    std::vector<float> chunk(1 << 16);
    for (auto _ : state)
        for (const TensorInfo &tensor : (*file)->tensors) {
            TensorReader reader(tensor);
            for (std::uint64_t at = 0; at < tensor.count(); at += chunk.size())
                reader.floats(at, chunk);
            benchmark::DoNotOptimize(chunk.data());
        }
    state.SetBytesProcessed(state.iterations() * (std::int64_t{1} << 30));
}

} // namespace

BENCHMARK(listSample)->Unit(benchmark::kMicrosecond);
BENCHMARK(listGigabyte)->Unit(benchmark::kMillisecond);
BENCHMARK(listHundredThousand)->Unit(benchmark::kMillisecond);
BENCHMARK(readGigabyte)->Unit(benchmark::kMillisecond);
