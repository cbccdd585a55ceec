#include "formats/torch/torch_zip.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "formats/pickle/pickle_machine.h"
#include "formats/torch/pickled_model.h"
#include "formats/torchscript/read_script.h"
#include "formats/zip/zip_archive.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kTextBytes = 4096;
constexpr std::size_t kShownName = 120;
/// caffe2/serialize/versions.h, PyTorch 2.x: kMaxSupportedFileFormatVersion.
constexpr std::uint64_t kNewestVersion = 10;

/// One open of a zip: what its parts share.
struct TorchZip {
    const ReadRequest &request;
    Budget budget;
    ZipArchive archive;
    ModelFile file;

    explicit TorchZip(const ReadRequest &r)
        : request(r)
        , budget(r.limits.readBytes + 2 * r.source->size())
        , archive(r.source, r.limits, budget)
    {
    }
    std::string text(const ZipEntry &entry)
    {
        const auto bytes = archive.read(entry, kTextBytes, budget);
        std::string out(reinterpret_cast<const char *>(bytes.data()), bytes.size());
        out.erase(out.find_last_not_of(" \r\n") + 1);
        return out;
    }
};

/// "archive/" for an archive with archive/data.pkl; the folder may have any name.
std::optional<std::string> rootOf(const ZipArchive &archive)
{
    std::optional<std::string> root;
    for (const ZipEntry &entry : archive.entries()) {
        constexpr std::string_view kPickle = "data.pkl";
        const bool isPickle = entry.name == kPickle
            || (entry.name.ends_with("/data.pkl") && entry.name.find('/') == entry.name.size() - 9);
        if (!isPickle)
            continue;
        if (root)
            throw ParseError("is an archive with two data.pkl, so which one is meant is unclear");
        root = std::string(entry.name.substr(0, entry.name.size() - kPickle.size()));
    }
    return root;
}

bool isBigEndian(TorchZip &zip, const std::string &root)
{
    const ZipEntry *entry = zip.archive.find(root + "byteorder");
    if (entry == nullptr)
        return false;
    const std::string order = zip.text(*entry);
    if (order != "little" && order != "big")
        throw ParseError(fmt::format("has the unknown byte order '{}'", printable(order)), entry->dataOffset);
    zip.file.metadata["byteorder"] = order;
    return order == "big";
}

void readVersion(TorchZip &zip, const std::string &root)
{
    const ZipEntry *entry = zip.archive.find(root + "version");
    if (entry == nullptr)
        return;
    const std::string text = zip.text(*entry);
    zip.file.metadata["torch_file_version"] = printable(text);
    const auto version = parseNumber<std::uint64_t>(text);
    if (!version || *version > kNewestVersion)
        zip.file.diagnostics.push_back({"torch-file-version", Severity::Warning, "",
            fmt::format("the file has version '{}', newer than the {} that is known: look at its values twice",
                printable(text), kNewestVersion)});
}

/// Where a pickle's storages are: the folder before and the text after their keys.
struct PickleMember {
    const ZipEntry *entry;
    std::string storageFolder;
    std::string storageSuffix;
    std::string namePrefix;
    bool isModel = true; ///< its top level may be a checkpoint dict
    std::optional<ScriptPickle> *kept = nullptr; ///< takes the pickle where its objects are looked up later
};

PickleTree runPickle(TorchZip &zip, const ZipEntry &entry)
{
    auto bytes = zip.archive.read(entry, zip.request.limits.pickleBytes, zip.budget);
    const std::uint64_t fileOffset = entry.deflated ? 0 : entry.dataOffset;
    try {
        return PickleMachine::run(std::move(bytes), fileOffset, zip.request.limits, zip.budget);
    } catch (const ParseError &error) {
        if (!entry.deflated || !error.offset())
            throw;
        // A place in an inflated member is no place in the file.
        throw ParseError(
            fmt::format("{} (byte {} of {} once inflated)", error.what(), *error.offset(), printable(entry.name)));
    }
}

/// Records of the archive: FOLDER KEY SUFFIX.
class ZipRecords : public StorageRecords {
public:
    ZipRecords(const ZipArchive &archive, const PickleMember &member, bool bigEndian)
        : m_archive(archive)
        , m_member(member)
        , m_bigEndian(bigEndian)
    {
    }

    Storage record(const StorageRef &ref) const override
    {
        const std::string name = m_member.storageFolder + ref.key + m_member.storageSuffix;
        const ZipEntry *entry = m_archive.find(name);
        if (entry == nullptr)
            throw ParseError(
                fmt::format("storage '{}' is missing: the archive has no {}", printable(ref.key), printable(name)));
        const auto [known, isNew] = m_storages.try_emplace(entry);
        if (isNew) {
            known->second = m_archive.storage(*entry);
            known->second.bigEndian = m_bigEndian;
            known->second.id = static_cast<std::uint64_t>(entry - m_archive.entries().data()) + 1;
        }
        return known->second;
    }

private:
    const ZipArchive &m_archive;
    const PickleMember &m_member;
    bool m_bigEndian;
    mutable std::unordered_map<const ZipEntry *, Storage> m_storages;
};

/// Lists the tensors of one pickle; returns the first call that was not made.
std::string readPickle(TorchZip &zip, const PickleMember &member, bool bigEndian)
{
    PickleTree tree = runPickle(zip, *member.entry);
    const StorageTable storages(tree, ZipRecords(zip.archive, member, bigEndian), zip.budget);
    TensorPositions positions;
    TensorPositions *const told = member.kept != nullptr ? &positions : nullptr;
    std::string firstCall
        = listPickled({tree, storages, member.namePrefix, member.isModel, told}, zip.request, zip.budget, zip.file);
    if (member.kept != nullptr)
        member.kept->emplace(ScriptPickle{std::move(tree), std::move(positions)});
    return firstCall;
}

ModelFile readCheckpoint(TorchZip &zip, const std::string &root)
{
    const ZipEntry *constants = zip.archive.find(root + "constants.pkl");
    zip.file.format = constants != nullptr ? "torchscript" : "pytorch-checkpoint";
    const bool bigEndian = isBigEndian(zip, root);
    readVersion(zip, root);
    std::optional<ScriptPickle> data, script;
    std::string firstCall = readPickle(zip,
        {zip.archive.find(root + "data.pkl"), root + "data/", "", "", true, constants != nullptr ? &data : nullptr},
        bigEndian);
    if (constants != nullptr) {
        readPickle(zip, {constants, root + "constants/", "", "CONSTANTS.c", false, &script}, bigEndian);
        readScriptGraph({zip.archive, root, *data, &*script}, zip.file, zip.request.limits, zip.budget);
    }
    finishPickled(zip.file, firstCall);
    return std::move(zip.file);
}

/// torch.package: storages in .data/N.storage, pickles anywhere.
std::optional<ModelFile> readPackage(TorchZip &zip)
{
    std::string root;
    for (const ZipEntry &entry : zip.archive.entries())
        if (entry.name.ends_with(".data/extern_modules"))
            root = std::string(
                entry.name.substr(0, entry.name.size() - std::string_view(".data/extern_modules").size()));
    if (zip.archive.find(root + ".data/extern_modules") == nullptr)
        return std::nullopt;
    zip.file.format = "torch-package";
    std::vector<const ZipEntry *> pickles;
    for (const ZipEntry &entry : zip.archive.entries())
        if (entry.name.starts_with(root) && entry.name.ends_with(".pkl"))
            pickles.push_back(&entry);
    std::string firstCall;
    for (const ZipEntry *entry : pickles) {
        const std::string name(entry->name.substr(root.size(), entry->name.size() - root.size() - 4));
        const std::string call
            = readPickle(zip, {entry, root + ".data/", ".storage", pickles.size() > 1 ? name + "." : "", false}, false);
        firstCall = firstCall.empty() ? call : firstCall;
    }
    finishPickled(zip.file, firstCall);
    return std::move(zip.file);
}

[[noreturn]] void refuseForeignZip(const ZipArchive &archive)
{
    const auto entries = archive.entries();
    const auto endsWith
        = [](std::string_view suffix) { return [suffix](const ZipEntry &e) { return e.name.ends_with(suffix); }; };
    if (std::any_of(entries.begin(), entries.end(), endsWith(".weights.h5")))
        throw ParseError("is a Keras model, which is not read yet: export it to ONNX");
    if (entries.empty())
        throw ParseError("is a zip archive without any file in it: fetch or write it again");
    for (const std::string_view suffix : {".onnx", ".pt", ".pth", ".ckpt", ".safetensors", ".h5", ".tflite"})
        for (const ZipEntry &entry : entries)
            if (entry.name.ends_with(suffix))
                throw ParseError(fmt::format("is a zip archive that holds {}: unpack it first and open that",
                    printable(entry.name.substr(0, kShownName))));
    throw ParseError("is a zip archive without data.pkl, so it is not a PyTorch checkpoint: unpack it to see what it "
                     "holds");
}

} // namespace

bool looksLikeTorchZip(std::span<const std::byte> head, const ReadRequest &)
{
    const std::string_view text(reinterpret_cast<const char *>(head.data()), head.size());
    return text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06");
}

ModelFile readTorchZip(const ReadRequest &request)
{
    TorchZip zip(request);
    if (auto package = readPackage(zip))
        return std::move(*package);
    const auto root = rootOf(zip.archive);
    if (!root)
        refuseForeignZip(zip.archive);
    return readCheckpoint(zip, *root);
}

} // namespace quantscope
