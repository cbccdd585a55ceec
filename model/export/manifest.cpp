#include "export/manifest.h"

#include "base/byte_source.h"
#include "base/sha256.h"
#include "base/text.h"
#include "quant/quantizer_json.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

/// Ours has some hundred bytes a tensor: 100,000 tensors stay below.
constexpr std::uint64_t kLargestManifest = 64ull << 20;

Json textOrNull(const std::optional<std::string> &text) { return text && !text->empty() ? Json(*text) : Json(nullptr); }

Json fracBitsJson(const FracBits &bits)
{
    if (const int *one = std::get_if<int>(&bits))
        return *one;
    if (const auto *list = std::get_if<std::vector<int>>(&bits))
        return *list;
    return nullptr;
}

Json tensorEntry(const ExportHeader &header, const ExportArray &array, const std::optional<std::string> &codesSha256)
{
    const Quantizer &quantizer = *array.slot->quantizer;
    Json out;
    out["layer"] = header.layer->name;
    out["slot"] = array.slot->slot;
    out["symbol"] = array.symbol;
    out["tensor"] = array.slot->tensorName;
    out["shape"] = array.slot->tensor->shape;
    out["kind"] = quantizerKindName(quantizer.kind);
    out["bit_width"] = quantizer.bitWidth ? Json(*quantizer.bitWidth) : Json(nullptr);
    out["storage_bits"] = quantizer.storageBits ? Json(*quantizer.storageBits) : Json(nullptr);
    out["signed"] = array.isSigned;
    out["scale"] = granularJson(*quantizer.scale, true);
    out["zero_point"] = granularJson(*quantizer.zeroPoint, false);
    if (quantizer.blockSize)
        out["block_size"] = *quantizer.blockSize;
    out["frac_bits"] = fracBitsJson(fractionalBits(*quantizer.scale));
    out["codes_sha256_i32"] = textOrNull(codesSha256);
    return out;
}

void addOrder(Json &out, const ExportArray &array)
{
    out["layout"] = array.layout.name;
    out["index"] = array.layout.index;
    out["dims"] = array.layout.dims;
    out["element_bits"] = array.width;
    out["elements_per_word"] = 1;
    out["word_bits"] = array.containerBits();
    out["first_element"] = "lsb";
    out["words"] = array.count;
    out["padding_elements"] = 0;
}

Json headerEntry(const WrittenHeader &written)
{
    const auto &arrays = written.header->arrays;
    Json out;
    out["path"] = written.header->identifier + ".h";
    out["format"] = "header";
    out["symbols"] = Json::array();
    for (const ExportArray &array : arrays)
        out["symbols"].push_back(array.symbol);
    out["sha256"] = textOrNull(written.fileSha256);
    // The file's own order is its first array's; "arrays" has every one.
    addOrder(out, arrays.front());
    out["arrays"] = Json::array();
    for (const ExportArray &array : arrays) {
        Json entry;
        entry["symbol"] = array.symbol;
        addOrder(entry, array);
        out["arrays"].push_back(std::move(entry));
    }
    return out;
}

Json helperEntry(const std::optional<std::string> &sha)
{
    Json out;
    out["path"] = kFixedHelperName;
    out["format"] = "helper";
    out["symbols"] = Json::array();
    out["sha256"] = textOrNull(sha);
    return out;
}

Json freshManifest(const SourceFacts &source, const ExportPlan &plan, const std::vector<WrittenHeader> &written,
    const std::optional<std::string> &helperSha256)
{
    Json out;
    out["schema"] = 1;
    out["source"]["file"] = textOrNull(source.file);
    out["source"]["sha256"] = textOrNull(source.sha256);
    out["source"]["recipe_sha256"] = textOrNull(source.recipeSha256);
    out["tensors"] = Json::array();
    out["files"] = Json::array();
    out["renamed"] = Json::array();
    for (const WrittenHeader &header : written) {
        for (std::size_t i = 0; i < header.header->arrays.size(); ++i)
            out["tensors"].push_back(tensorEntry(*header.header, header.header->arrays[i],
                i < header.codesSha256.size() ? header.codesSha256[i] : std::nullopt));
        out["files"].push_back(headerEntry(header));
    }
    out["files"].push_back(helperEntry(helperSha256));
    for (const RenamedLayer &renamed : plan.renamed) {
        Json entry;
        entry["layer"] = renamed.layer;
        entry["identifier"] = renamed.identifier;
        out["renamed"].push_back(std::move(entry));
    }
    return out;
}

std::string textOf(const Json &entry, const char *key)
{
    const auto found = entry.find(key);
    return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool isObjects(const Json &manifest, const char *key)
{
    const auto found = manifest.find(key);
    return found != manifest.end() && found->is_array()
        && std::all_of(found->begin(), found->end(), [](const Json &entry) { return entry.is_object(); });
}

/// The manifest that lies in the folder, null when there is none or it is not one of ours.
Json earlierManifest(const std::string &folder, std::vector<std::string> &notes)
{
    const std::string path = (std::filesystem::path(folder) / kManifestName).string();
    std::error_code ignored;
    if (folder.empty() || !std::filesystem::exists(path, ignored))
        return nullptr;
    Json manifest;
    try {
        const auto source = FileSource::open(path);
        if (source && (*source)->size() <= kLargestManifest) {
            const auto bytes = (*source)->bytes(0, (*source)->size());
            const auto *text = reinterpret_cast<const char *>(bytes.data());
            manifest = Json::parse(text, text + bytes.size(), nullptr, false);
        }
    } catch (const ParseError &) {
        manifest = nullptr;
    }
    const bool ours = manifest.is_object() && manifest.value("schema", Json()) == 1 && isObjects(manifest, "tensors")
        && isObjects(manifest, "files") && manifest.contains("source");
    if (ours)
        return manifest;
    notes.push_back("the manifest.json that was in the folder could not be understood and was replaced");
    return nullptr;
}

bool isUnchanged(const std::string &folder, const Json &entry)
{
    const std::string name = textOf(entry, "path");
    if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..")
        return false;
    const auto source = FileSource::open((std::filesystem::path(folder) / name).string());
    if (!source)
        return false;
    try {
        Sha256 sha;
        constexpr std::uint64_t kPiece = 1 << 20;
        for (std::uint64_t at = 0; at < (*source)->size(); at += kPiece)
            sha.add((*source)->bytes(at, std::min(kPiece, (*source)->size() - at)));
        return sha.finish() == textOf(entry, "sha256");
    } catch (const ParseError &) {
        return false;
    }
}

std::set<std::string> symbolsOf(const Json &file)
{
    std::set<std::string> out;
    const auto symbols = file.find("symbols");
    if (symbols != file.end() && symbols->is_array())
        for (const Json &symbol : *symbols)
            if (symbol.is_string())
                out.insert(symbol.get<std::string>());
    return out;
}

/// Takes over the earlier manifest's files that still are what it says, with their tensors and names.
void keepEarlier(Json &manifest, const Json &earlier, const std::string &folder, std::vector<std::string> &notes)
{
    std::set<std::string> overwritten, symbols, layers;
    for (const Json &file : manifest["files"])
        overwritten.insert(textOf(file, "path"));
    for (const Json &file : earlier["files"]) {
        const std::string name = textOf(file, "path");
        if (overwritten.contains(name))
            continue;
        if (!isUnchanged(folder, file)) {
            notes.push_back(
                fmt::format("{} is not what the earlier manifest says; its entry was dropped", printable(name)));
            continue;
        }
        symbols.merge(symbolsOf(file));
        manifest["files"].push_back(file);
    }
    for (const Json &tensor : earlier["tensors"])
        if (symbols.contains(textOf(tensor, "symbol"))) {
            layers.insert(textOf(tensor, "layer"));
            manifest["tensors"].push_back(tensor);
        }
    if (isObjects(earlier, "renamed"))
        for (const Json &renamed : earlier["renamed"])
            if (layers.contains(textOf(renamed, "layer")))
                manifest["renamed"].push_back(renamed);
}

/// The order of one export of everything, however many exports made the folder.
void sortAsNetwork(Json &manifest, const Network &network)
{
    std::map<std::string, std::size_t> layerRank, symbolRank;
    for (std::size_t i = 0; i < network.layers.size(); ++i)
        layerRank.emplace(network.layers[i].name, i);
    const auto rankOf = [&](const Json &entry) {
        const auto found = layerRank.find(textOf(entry, "layer"));
        return found == layerRank.end() ? network.layers.size() : found->second;
    };
    for (const Json &tensor : manifest["tensors"])
        symbolRank.emplace(textOf(tensor, "symbol"), rankOf(tensor));
    const auto rankOfFile = [&](const Json &file) {
        const auto symbols = symbolsOf(file);
        const auto found = symbols.empty() ? symbolRank.end() : symbolRank.find(*symbols.begin());
        return found == symbolRank.end() ? std::numeric_limits<std::size_t>::max() : found->second;
    };
    const auto sortBy = [](Json &list, const auto &rank) {
        std::stable_sort(list.begin(), list.end(), [&](const Json &a, const Json &b) { return rank(a) < rank(b); });
    };
    sortBy(manifest["tensors"], rankOf);
    sortBy(manifest["renamed"], rankOf);
    sortBy(manifest["files"], rankOfFile);
}

} // namespace

std::string manifestText(const Network &network, const SourceFacts &source, const ExportPlan &plan,
    const std::vector<WrittenHeader> &written, const std::optional<std::string> &helperSha256,
    const std::string &folder, std::vector<std::string> &notes)
{
    Json manifest = freshManifest(source, plan, written, helperSha256);
    const Json earlier = earlierManifest(folder, notes);
    if (earlier.is_object()) {
        if (earlier["source"] == manifest["source"])
            keepEarlier(manifest, earlier, folder, notes);
        else
            notes.push_back(
                "the manifest.json that was in the folder belongs to another file or recipe; its entries were dropped");
        sortAsNetwork(manifest, network);
    }
    return manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace quantscope
