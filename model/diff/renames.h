#pragma once

#include "network/network.h"

#include <map>
#include <string>
#include <vector>

namespace quantscope {

/// Which layer of the second model a layer of the first is compared with where their names differ: globs with at most
/// one `*` each, which stands for the same text in both.
struct Rename {
    std::string from, to;
};

/// "OLD=NEW", parted at the first `=`. Errors (Usage): no `=`, an empty side, more than one `*` in a side, or a `*` in
/// one side alone.
Result<Rename> parseRename(const std::string &text);

/// What `rename` makes of a name; nothing where it does not match.
std::optional<std::string> renamed(const Rename &rename, std::string_view name);

/// The name in the second model of each layer of the first: that of the first rename that matches, else its own.
/// Errors (Usage): a rename that matches no layer, and two layers that get one name.
Result<std::map<LayerId, std::string>> namesInOther(const Network &network, const std::vector<Rename> &renames);

} // namespace quantscope
