#include "formats/sharded/shard_index.h"

#include "base/text.h"
#include "formats/budget.h"
#include "formats/safetensors/json_events.h"
#include "formats/safetensors/safetensors.h"
#include "formats/sharded/shard_source.h"
#include "formats/torch/torch_zip.h"
#include "formats/torch_stream/torch_stream.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// An index of 100,000 tensors has some 10 MB.
constexpr std::uint64_t kMostIndex = 256ull << 20;
constexpr std::size_t kMostShards = 100'000;
constexpr std::uint64_t kHeadBytes = 4096;

constexpr FormatReader kShardReaders[] = {
    {"safetensors", looksLikeSafetensors, readSafetensors},
    {"PyTorch", looksLikeTorchZip, readTorchZip},
    {"PyTorch before 1.6", looksLikeTorchStream, readTorchStream},
};

struct WeightMap {
    std::unordered_map<std::string, std::size_t> shardOf; ///< by tensor: position in `shards`
    std::vector<std::string> shards;
    bool found = false;
};

class IndexEvents : public JsonEvents {
public:
    IndexEvents(Budget &budget, WeightMap &map)
        : m_budget(budget)
        , m_map(map)
    {
    }

    void beginObject() override { ++m_depth; }
    void endObject() override { --m_depth; }
    void beginArray() override { requireOutside(); }
    void number(std::uint64_t) override { requireOutside(); }
    void otherValue() override { requireOutside(); }

    void key(std::string &name) override
    {
        if (m_depth == 1) {
            m_inMap = name == "weight_map";
            if (m_inMap && std::exchange(m_map.found, true))
                throw ParseError("its weight_map is there twice");
        }
        m_key = std::move(name);
    }

    void text(std::string &value) override
    {
        if (!m_inMap)
            return;
        if (m_depth != 2)
            throw ParseError("its weight_map is no object of names of files");
        m_budget.charge(8 * sizeof(std::string) + m_key.size(), "the index");
        const auto shard = m_positions.try_emplace(value, m_map.shards.size());
        if (shard.second)
            m_map.shards.push_back(value);
        if (m_map.shards.size() > kMostShards)
            throw ParseError(fmt::format("names more than {} files", kMostShards));
        if (!m_map.shardOf.emplace(m_key, shard.first->second).second)
            throw ParseError(fmt::format("its weight_map has the tensor '{}' twice", printable(m_key)));
    }

private:
    void requireOutside() const
    {
        if (m_inMap)
            throw ParseError("its weight_map is no object of names of files");
    }

    Budget &m_budget;
    WeightMap &m_map;
    std::unordered_map<std::string, std::size_t> m_positions;
    std::string m_key;
    int m_depth = 0;
    bool m_inMap = false;
};

/// The file that a name stands for; nothing but a name beside the index, so that no index can show another file of this
/// computer.
std::string pathBeside(const std::string &index, const std::string &name)
{
    const bool isPlain = !name.empty() && name != "." && name != ".." && name.find_first_of("/\\") == name.npos
        && name.find('\0') == name.npos;
    if (!isPlain)
        throw ParseError(fmt::format(
            "names the file '{}', which is no plain name of a file beside it", printable(name.substr(0, 200))));
    return (std::filesystem::path(index).parent_path() / name).string();
}

ModelFile readShard(const std::string &name, const ReadRequest &index, const std::shared_ptr<ShardPool> &pool)
{
    const std::string path = pathBeside(index.path, name);
    try {
        const auto source = std::make_shared<ShardSource>(path, pool);
        const ReadRequest request{source, path, index.limits, index.progress};
        const auto head = source->bytes(0, std::min(source->size(), kHeadBytes));
        for (const FormatReader &reader : kShardReaders)
            if (reader.recognises(head, request)) {
                ModelFile file = reader.read(request);
                file.bytes = source->size();
                return file;
            }
        throw ParseError("is neither a safetensors file nor a checkpoint of PyTorch");
    } catch (const ParseError &error) {
        throw ParseError(fmt::format("its file '{}' {}", printable(name), error.what()));
    }
}

/// Puts the tensors of one file behind those of the others.
class Merge {
public:
    Merge(const WeightMap &map, ModelFile &out)
        : m_map(map)
        , m_out(out)
    {
    }

    void add(std::size_t shard, ModelFile from)
    {
        constexpr unsigned kShardBits = 40;
        if (m_out.format.empty())
            m_out.format = from.format;
        m_out.bytes += from.bytes;
        for (TensorInfo &tensor : from.tensors) {
            const auto named = m_map.shardOf.find(tensor.name);
            if (named == m_map.shardOf.end() || named->second != shard)
                ++m_strangers[m_map.shards[shard]];
            if (named != m_map.shardOf.end() && named->second != shard)
                continue; // the index takes the one of another file
            if (named != m_map.shardOf.end())
                m_found.insert(named->first);
            if (tensor.storage.id != 0)
                tensor.storage.id += static_cast<std::uint64_t>(shard) << kShardBits;
            m_out.tensors.push_back(std::move(tensor));
        }
        std::ranges::move(from.diagnostics, std::back_inserter(m_out.diagnostics));
        std::ranges::move(from.opaque, std::back_inserter(m_out.opaque));
        m_out.metadata.merge(from.metadata);
    }

    void finish()
    {
        if (m_found.size() < m_map.shardOf.size())
            refuseMissing();
        for (const auto &[name, count] : m_strangers)
            m_out.diagnostics.push_back({"not-in-the-index", Severity::Warning, "",
                fmt::format("{} tensor{} of {} {} not there by the index", grouped(count), count == 1 ? "" : "s",
                    printable(name), count == 1 ? "is" : "are")});
    }

private:
    [[noreturn]] void refuseMissing() const
    {
        std::vector<std::string_view> names;
        for (const TensorInfo &tensor : m_out.tensors)
            names.push_back(tensor.name);
        std::ranges::sort(names);
        std::string missing;
        for (const auto &[name, shard] : m_map.shardOf)
            if (!std::ranges::binary_search(names, std::string_view(name)) && (missing.empty() || name < missing))
                missing = name;
        const std::string &shard = m_map.shards[missing.empty() ? 0 : m_map.shardOf.at(missing)];
        throw ParseError(fmt::format(
            "says that tensor '{}' is in '{}', which has none of that name", printable(missing), printable(shard)));
    }

    const WeightMap &m_map;
    ModelFile &m_out;
    std::unordered_set<std::string_view> m_found; ///< tensors of the index
    std::map<std::string, std::size_t> m_strangers; ///< tensors that the index has not there
};

WeightMap readMap(const ReadRequest &request, Budget &budget)
{
    const std::uint64_t size = request.source->size();
    if (size > kMostIndex)
        throw ParseError(fmt::format("is an index of {} bytes, more than the {} that are read", size, kMostIndex));
    budget.charge(size, "the index");
    const auto bytes = request.source->bytes(0, size);
    WeightMap map;
    IndexEvents events(budget, map);
    readJson({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, 0, "the index", events);
    if (!map.found || map.shards.empty())
        throw ParseError("is a JSON text without a weight_map, so it is no index of a model in several files");
    return map;
}

} // namespace

bool looksLikeShardIndex(std::span<const std::byte> head, const ReadRequest &request)
{
    const std::string_view text(reinterpret_cast<const char *>(head.data()), head.size());
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != text.npos && text[first] == '{'
        && (text.find("\"weight_map\"") != text.npos || request.path.ends_with(".index.json"));
}

ModelFile readShardIndex(const ReadRequest &request)
{
    Budget budget(request.limits.readBytes + 8 * request.source->size());
    const WeightMap map = readMap(request, budget);
    const auto pool = std::make_shared<ShardPool>();
    ModelFile file;
    file.bytes = request.source->size();
    Merge merge(map, file);
    std::vector<std::size_t> order(map.shards.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::ranges::sort(order, {}, [&](std::size_t i) { return map.shards[i]; });
    for (const std::size_t shard : order) {
        merge.add(shard, readShard(map.shards[shard], request, pool));
        request.progress.step(shard + 1, map.shards.size());
    }
    merge.finish();
    return file;
}

} // namespace quantscope
