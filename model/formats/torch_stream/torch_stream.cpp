#include "formats/torch_stream/torch_stream.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/text.h"
#include "formats/pickle/take_pickle.h"
#include "formats/torch/pickled_model.h"

#include <unordered_map>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// 0x1950a86a20f9469cfc6c, little-endian (torch/serialization.py, MAGIC_NUMBER).
constexpr std::string_view kMagic = "l\xfc\x9c"
                                    "F\xf9 j\xa8P\x19";
constexpr std::string_view kMagicDigits = "119547037146038801333356"; ///< as pickles of protocols 0 and 1 write it
constexpr std::int64_t kProtocol = 1001;

using NamedStorages = std::unordered_map<std::string, StorageRef>;

NamedStorages namedIn(const PickleTree &tree, Budget &budget)
{
    constexpr std::uint64_t kHashNode = 64;
    NamedStorages out;
    for (PickleRef ref = 0; ref < tree.size(); ++ref) {
        auto storage = tree.is(ref, PickleKind::Persistent) ? describeStorage(tree, ref) : std::nullopt;
        if (!storage)
            continue;
        budget.charge(sizeof(StorageRef) + kHashNode + storage->key.size(), "the list of storages");
        out.emplace(storage->key, std::move(*storage));
    }
    return out;
}

/// The storages behind the pickles, which follow each other in the order of the list of their keys.
class StreamRecords : public StorageRecords {
public:
    /// `named`: what the object's pickle says of each. Moves the stream behind the last one.
    StreamRecords(const NamedStorages &named, const PickleTree &keys, const ReadRequest &request, PickleStream &stream)
        : m_source(request.source)
    {
        if (!keys.is(keys.root, PickleKind::List))
            throw ParseError("its list of storages is no list");
        for (const PickleRef key : keys.items(keys.root)) {
            const auto ref = named.find(
                keys.is(key, PickleKind::Int) ? std::to_string(keys.integer(key)) : std::string(keys.text(key)));
            if (ref == named.end())
                throw ParseError(fmt::format(
                    "it lists the storage '{}', which no tensor is made of", printable(keys.text(key).substr(0, 40))));
            if (m_found.contains(ref->first))
                throw ParseError(fmt::format("it lists the storage '{}' twice", printable(ref->first)));
            m_found.emplace(ref->first, locate(ref->second, stream));
        }
    }

    Storage record(const StorageRef &ref) const override
    {
        const auto found = m_found.find(ref.key);
        if (found == m_found.end())
            throw ParseError(fmt::format("storage '{}' is missing: the file has no data of it", printable(ref.key)));
        return found->second;
    }

private:
    Storage locate(const StorageRef &ref, PickleStream &stream) const
    {
        const std::string name = printable(ref.key);
        if (ref.dtype == DType::Unknown)
            throw ParseError(fmt::format("storage '{}' is a {}, which QuantScope does not know, so that what follows "
                                         "it cannot be found",
                name, ref.type));
        const std::uint64_t left = stream.end - stream.offset;
        if (left < sizeof(std::uint64_t))
            throw ParseError(fmt::format("was cut off before storage '{}'", name), stream.offset);
        const std::uint64_t count = Cursor(stream.source.bytes(stream.offset, sizeof(std::uint64_t))).u64();
        if (count != ref.elements)
            throw ParseError(
                fmt::format("storage '{}' has {} elements, and its tensors need {}", name, count, ref.elements),
                stream.offset);
        stream.offset += sizeof(std::uint64_t);
        const std::uint64_t bytes = checkedMul(count, storageItemBytes(ref.dtype), "storage '" + name + "'");
        if (bytes > stream.end - stream.offset)
            throw ParseError(fmt::format("was cut off: storage '{}' has {} bytes and {} are left", name, bytes,
                                 stream.end - stream.offset),
                stream.offset);
        const Storage out{.source = m_source, .offset = stream.offset, .bytes = bytes, .id = m_found.size() + 1};
        stream.offset += bytes;
        return out;
    }

    std::shared_ptr<const ByteSource> m_source;
    std::unordered_map<std::string, Storage> m_found;
};

/// The three pickles in front of the object.
void readPreamble(PickleStream &stream, const Limits &limits, Budget &budget, ModelFile &file)
{
    const PickleTree magic = takePickle(stream, limits, budget);
    if (!magic.is(magic.root, PickleKind::BigInt)
        || (magic.text(magic.root) != kMagic && magic.text(magic.root) != kMagicDigits))
        throw ParseError("is no checkpoint: it begins with another number than PyTorch's");
    const PickleTree protocol = takePickle(stream, limits, budget);
    if (!protocol.is(protocol.root, PickleKind::Int) || protocol.integer(protocol.root) != kProtocol)
        throw ParseError(
            fmt::format("has another protocol than {}, the only one of PyTorch's stream format", kProtocol));
    const PickleTree machine = takePickle(stream, limits, budget);
    const PickleRef little = machine.lookup(machine.root, "little_endian");
    if (little != kNoPickleRef && machine.is(little, PickleKind::Bool) && machine.integer(little) == 0)
        file.diagnostics.push_back({"byte-order", Severity::Warning, "",
            "the file was written on a big-endian machine; its numbers are read as little-endian, which PyTorch "
            "writes on every machine: look at its values twice"});
}

} // namespace

bool looksLikeTorchStream(std::span<const std::byte> head, const ReadRequest &)
{
    constexpr std::size_t kWithin = 32; // protocol 4 has a frame before it
    const std::string_view text(reinterpret_cast<const char *>(head.data()), std::min(head.size(), kWithin));
    return text.starts_with('\x80') ? text.find(kMagic) != text.npos
                                    : text.starts_with('L') && text.substr(1).starts_with(kMagicDigits);
}

ModelFile readTorchStream(const ReadRequest &request)
{
    ModelFile file;
    file.format = "pytorch-checkpoint";
    Budget budget(request.limits.readBytes + 2 * request.source->size());
    PickleStream stream{*request.source, 0, request.source->size()};
    readPreamble(stream, request.limits, budget, file);
    const PickleTree object = takePickle(stream, request.limits, budget);
    const PickleTree keys = takePickle(stream, request.limits, budget);
    const StreamRecords records(namedIn(object, budget), keys, request, stream);
    const StorageTable storages(object, records, budget);
    finishPickled(file, listPickled({object, storages}, request, budget, file));
    if (stream.offset != stream.end)
        file.diagnostics.push_back({"bytes-behind-the-end", Severity::Warning, "",
            fmt::format("what follows the last storage is not read (bytes: {})", grouped(stream.end - stream.offset))});
    return file;
}

} // namespace quantscope
