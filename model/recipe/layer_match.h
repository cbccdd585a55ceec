#pragma once

#include <string>
#include <string_view>

namespace quantscope {

/// A layer's name without what torch.compile (`_orig_mod.`, anywhere) and DataParallel (`module.`, in front) put into
/// it.
std::string withoutWrappers(std::string_view name);

/// Whether `match` of a recipe reaches a layer; both with or without wrappers.
bool matchesLayer(std::string_view match, std::string_view layer);
/// Whether it names that layer outright: no pattern, or one that is the layer's own name.
bool namesLayer(std::string_view match, std::string_view layer);

} // namespace quantscope
