#include "formats/torch_tar/torch_tar.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/text.h"
#include "formats/pickle/take_pickle.h"
#include "formats/torch/pickled_model.h"
#include "formats/torch/tensor_builder.h"
#include "formats/torch_tar/tar_archive.h"

#include <unordered_map>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kHashNode = 64;

struct TypedStorage {
    DType dtype = DType::Unknown;
    Storage storage;
};

std::string keyText(const PickleTree &tree, PickleRef key)
{
    if (tree.is(key, PickleKind::Int))
        return std::to_string(tree.integer(key));
    if (!tree.is(key, PickleKind::Text))
        throw ParseError("has a storage or tensor whose key is no number");
    return std::string(tree.text(key));
}

std::span<const PickleRef> tupleOf(const PickleTree &tree, PickleRef node, std::size_t length, std::string_view what)
{
    const auto parts = tree.items(node);
    if (!tree.is(node, PickleKind::Tuple) || parts.size() != length)
        throw ParseError(fmt::format("its list of {} has an entry that is no tuple of {}", what, length));
    return parts;
}

/// Tensors and storages by the numbers that they had in the memory of the writer.
class TarObjects : public StorageRecords {
public:
    TarObjects(const ReadRequest &request, Budget &budget)
        : m_request(request)
        , m_budget(budget)
    {
    }

    void readStorages(PickleStream stream);
    void readTensors(PickleStream stream);

    Storage record(const StorageRef &ref) const override
    {
        throw ParseError(fmt::format("storage '{}' is missing", printable(ref.key)));
    }
    std::optional<TensorInfo> tensor(std::string_view key) const override
    {
        if (const auto found = m_tensors.find(std::string(key)); found != m_tensors.end())
            return found->second;
        if (const auto found = m_storages.find(std::string(key)); found != m_storages.end())
            return whole(found->second);
        throw ParseError(fmt::format("the pickle names '{}', which is neither a tensor nor a storage of the file",
            printable(key.substr(0, 40))));
    }

private:
    std::uint64_t count(PickleStream &stream, std::string_view what) const;
    std::vector<std::byte> take(PickleStream &stream, std::uint64_t bytes, std::string_view what) const;
    TypedStorage readStorage(const PickleTree &tree, PickleRef type, PickleStream &stream) const;
    void readViews(PickleStream &stream);
    TensorInfo readTensor(const TypedStorage &storage, PickleStream &stream) const;
    TensorInfo whole(const TypedStorage &storage) const;
    const TypedStorage &storageOf(const std::string &key) const;

    const ReadRequest &m_request;
    Budget &m_budget;
    std::unordered_map<std::string, TypedStorage> m_storages;
    std::unordered_map<std::string, TensorInfo> m_tensors;
};

std::uint64_t TarObjects::count(PickleStream &stream, std::string_view what) const
{
    const PickleTree tree = takePickle(stream, m_request.limits, m_budget);
    if (!tree.is(tree.root, PickleKind::Int) || tree.integer(tree.root) < 0)
        throw ParseError(fmt::format("has no valid number of {}", what));
    return static_cast<std::uint64_t>(tree.integer(tree.root));
}

std::vector<std::byte> TarObjects::take(PickleStream &stream, std::uint64_t bytes, std::string_view what) const
{
    if (bytes > stream.end - stream.offset)
        throw ParseError(fmt::format("{} ends early", what), stream.offset);
    auto out = stream.source.bytes(stream.offset, bytes);
    stream.offset += bytes;
    return out;
}

const TypedStorage &TarObjects::storageOf(const std::string &key) const
{
    const auto found = m_storages.find(key);
    if (found == m_storages.end())
        throw ParseError(fmt::format("has no storage '{}'", printable(key.substr(0, 40))));
    return found->second;
}

TypedStorage TarObjects::readStorage(const PickleTree &tree, PickleRef type, PickleStream &stream) const
{
    const std::string name = tree.globalName(type);
    TypedStorage out;
    if (name.starts_with("torch."))
        out.dtype = dtypeOfStorageClass(tree.globalAttribute(type));
    if (out.dtype == DType::Unknown)
        throw ParseError(fmt::format("has a storage of the class {}, which QuantScope does not know, so that what "
                                     "follows it cannot be found",
            printable(name)));
    const std::uint64_t elements = Cursor(take(stream, sizeof(std::uint64_t), "its list of storages")).u64();
    const std::uint64_t bytes = checkedMul(elements, storageItemBytes(out.dtype), "a storage");
    if (bytes > stream.end - stream.offset)
        throw ParseError(fmt::format("a storage of {} bytes ends early", bytes), stream.offset);
    out.storage = {.source = m_request.source, .offset = stream.offset, .bytes = bytes, .id = m_storages.size() + 1};
    stream.offset += bytes;
    return out;
}

void TarObjects::readStorages(PickleStream stream)
{
    for (std::uint64_t left = count(stream, "storages"); left > 0; --left) {
        Budget passing(m_budget.left()); // one small pickle after the other, none of which is kept
        const PickleTree tree = takePickle(stream, m_request.limits, passing);
        const auto parts = tupleOf(tree, tree.root, 3, "storages"); // key, location, class
        const std::string key = keyText(tree, parts[0]);
        m_budget.charge(sizeof(TypedStorage) + kHashNode + key.size(), "the list of storages");
        m_storages.insert_or_assign(key, readStorage(tree, parts[2], stream));
    }
    readViews(stream);
}

/// Storages that are parts of others: (key, key of the other, offset, elements).
void TarObjects::readViews(PickleStream &stream)
{
    const PickleTree tree = takePickle(stream, m_request.limits, m_budget);
    for (const PickleRef view : tree.items(tree.root)) {
        const auto parts = tupleOf(tree, view, 4, "views");
        TypedStorage part = storageOf(keyText(tree, parts[1]));
        if (!tree.is(parts[2], PickleKind::Int) || !tree.is(parts[3], PickleKind::Int))
            throw ParseError("a view of a storage has no valid place");
        const std::uint64_t item = storageItemBytes(part.dtype);
        const auto offset = narrow<std::uint64_t>(tree.integer(parts[2]), "a view of a storage");
        const auto elements = narrow<std::uint64_t>(tree.integer(parts[3]), "a view of a storage");
        if (checkedAdd(offset, elements, "a view of a storage") > part.storage.bytes / item)
            throw ParseError("a view of a storage reaches behind its end");
        part.storage.offset += offset * item;
        part.storage.bytes = elements * item;
        m_storages.insert_or_assign(keyText(tree, parts[0]), part);
    }
}

void TarObjects::readTensors(PickleStream stream)
{
    for (std::uint64_t left = count(stream, "tensors"); left > 0; --left) {
        Budget passing(m_budget.left());
        const PickleTree tree = takePickle(stream, m_request.limits, passing);
        const auto parts = tupleOf(tree, tree.root, 3, "tensors"); // key, key of the storage, class
        TensorInfo tensor = readTensor(storageOf(keyText(tree, parts[1])), stream);
        m_budget.charge(
            sizeof(TensorInfo) + kHashNode + 2 * tensor.shape.size() * sizeof(std::int64_t), "the list of tensors");
        m_tensors.insert_or_assign(keyText(tree, parts[0]), std::move(tensor));
    }
}

TensorInfo TarObjects::readTensor(const TypedStorage &storage, PickleStream &stream) const
{
    constexpr std::string_view kList = "its list of tensors";
    const std::uint32_t rank = Cursor(take(stream, 8, kList)).u32(); // and four bytes that were never used
    if (rank > m_request.limits.rank)
        throw ParseError(
            fmt::format("has a tensor of {} axes, more than {}", rank, m_request.limits.rank), stream.offset);
    const auto numbers = take(stream, (2 * rank + 1) * sizeof(std::int64_t), kList);
    Cursor cursor(numbers);
    TensorInfo out;
    out.dtype = storage.dtype;
    out.storage = storage.storage;
    for (std::uint32_t i = 0; i < rank; ++i)
        out.shape.push_back(cursor.number<std::int64_t>());
    for (std::uint32_t i = 0; i < rank; ++i)
        out.strides.push_back(cursor.number<std::int64_t>());
    out.firstElement = narrow<std::uint64_t>(cursor.number<std::int64_t>(), "the offset of a tensor");
    placeView(out, m_request.limits);
    return out;
}

TensorInfo TarObjects::whole(const TypedStorage &storage) const
{
    TensorInfo out;
    out.dtype = storage.dtype;
    out.storage = storage.storage;
    out.shape = {narrow<std::int64_t>(storage.storage.bytes / storageItemBytes(storage.dtype), "a storage")};
    return out;
}

PickleStream member(const ReadRequest &request, const std::map<std::string, TarEntry> &entries, const char *name)
{
    const auto found = entries.find(name);
    if (found == entries.end())
        throw ParseError(fmt::format("is a checkpoint of PyTorch 0.1 without its member '{}'", name));
    return {*request.source, found->second.offset, found->second.offset + found->second.size};
}

} // namespace

bool looksLikeTorchTar(std::span<const std::byte> head, const ReadRequest &)
{
    const std::string_view text(reinterpret_cast<const char *>(head.data()), head.size());
    return isTarHeader(head) || (text.size() > 262 && text.substr(257).starts_with("ustar"));
}

ModelFile readTorchTar(const ReadRequest &request)
{
    const auto entries = readTar(*request.source);
    if (!entries.contains("pickle") && !entries.contains("tensors") && !entries.contains("storages"))
        throw ParseError("is a tar archive, and no checkpoint of PyTorch 0.1: unpack it first");
    ModelFile file;
    file.format = "pytorch-checkpoint";
    Budget budget(request.limits.readBytes + 2 * request.source->size());
    TarObjects objects(request, budget);
    objects.readStorages(member(request, entries, "storages"));
    objects.readTensors(member(request, entries, "tensors"));
    PickleStream stream = member(request, entries, "pickle");
    const PickleTree tree = takePickle(stream, request.limits, budget);
    const StorageTable storages(tree, objects, budget);
    finishPickled(file, listPickled({tree, storages}, request, budget, file));
    return file;
}

} // namespace quantscope
