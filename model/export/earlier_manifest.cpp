#include "export/earlier_manifest.h"

#include "base/byte_source.h"
#include "base/sha256.h"
#include "base/text.h"
#include "export/manifest_entries.h"
#include "export/text_file.h"
#include "export/writers/writer.h"

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

/// Takes over the earlier manifest's files that still are what it says, with their tensors and names.
void keepEarlier(Json &manifest, const Json &earlier, const std::string &folder, std::vector<std::string> &notes)
{
    std::set<std::string> overwritten, symbols, layers, known, named;
    for (const Json &file : manifest["files"])
        overwritten.insert(textOf(file, "path"));
    for (const Json &tensor : manifest["tensors"]) // of a format that is written now
        known.insert(textOf(tensor, "symbol"));
    for (const Json &renamed : manifest["renamed"])
        named.insert(textOf(renamed, "layer"));
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
        if (symbols.contains(textOf(tensor, "symbol")) && known.insert(textOf(tensor, "symbol")).second) {
            layers.insert(textOf(tensor, "layer"));
            manifest["tensors"].push_back(tensor);
        }
    if (isObjects(earlier, "renamed"))
        for (const Json &renamed : earlier["renamed"])
            if (layers.contains(textOf(renamed, "layer")) && named.insert(textOf(renamed, "layer")).second)
                manifest["renamed"].push_back(renamed);
}

/// The order of one export of everything, however many exports made the folder.
void sortAsNetwork(Json &manifest, const Network &network)
{
    const std::vector<std::string> formats = exportFormatNames();
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
        const std::size_t layer = found == symbolRank.end() ? std::numeric_limits<std::size_t>::max() : found->second;
        return std::pair(layer, std::find(formats.begin(), formats.end(), textOf(file, "format")) - formats.begin());
    };
    const auto sortBy = [](Json &list, const auto &rank) {
        std::stable_sort(list.begin(), list.end(), [&](const Json &a, const Json &b) { return rank(a) < rank(b); });
    };
    sortBy(manifest["tensors"], rankOf);
    sortBy(manifest["renamed"], rankOf);
    sortBy(manifest["files"], rankOfFile);
}

/// How much is assumed depends on which layers are exported; it is counted again for all.
Json sourceOf(const Json &manifest)
{
    Json source = manifest["source"];
    if (source.is_object())
        source.erase("assumed");
    return source;
}

} // namespace

Json earlierManifest(const std::string &folder, std::vector<std::string> &notes)
{
    const std::string path = (std::filesystem::path(folder) / kManifestName).string();
    std::error_code ignored;
    if (folder.empty() || !std::filesystem::exists(path, ignored))
        return nullptr;
    const auto text = textOfFile(path, kLargestManifest);
    const Json manifest = text ? Json::parse(*text, nullptr, false) : Json();
    const bool ours = manifest.is_object() && manifest.value("schema", Json()) == 1 && isObjects(manifest, "tensors")
        && isObjects(manifest, "files") && manifest.contains("source");
    if (ours)
        return manifest;
    notes.push_back("the manifest.json that was in the folder could not be understood and was replaced");
    return nullptr;
}

bool writtenByExport(const std::string &folder, std::string_view name)
{
    std::vector<std::string> ignored;
    const Json manifest = earlierManifest(folder, ignored);
    return manifest.is_object()
        && std::ranges::any_of(manifest["files"], [&](const Json &file) { return textOf(file, "path") == name; });
}

void addEarlierManifest(
    Json &manifest, const Network &network, const std::string &folder, std::vector<std::string> &notes)
{
    const Json earlier = earlierManifest(folder, notes);
    if (!earlier.is_object())
        return;
    if (sourceOf(earlier) == sourceOf(manifest))
        keepEarlier(manifest, earlier, folder, notes);
    else
        notes.push_back(
            "the manifest.json that was in the folder belongs to another file or recipe; its entries were dropped");
    sortAsNetwork(manifest, network);
}

} // namespace quantscope
