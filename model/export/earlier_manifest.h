#pragma once

#include "network/network.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

constexpr std::string_view kManifestName = "manifest.json";

/// Takes over from the manifest.json that lies in the folder, when it is of the same source, the files that still are
/// what it says and are not written now, with their tensors and names, and puts all into the order of one export of
/// everything. Appends to `notes` what was dropped.
void addEarlierManifest(nlohmann::ordered_json &manifest, const Network &network, const std::string &folder,
    std::vector<std::string> &notes);

} // namespace quantscope
