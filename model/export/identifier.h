#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// The C identifier of a layer's path, before collisions are resolved: "block.0.conv" -> "block_0_conv".
std::string cIdentifier(const std::string &path);

/// C identifiers for all of a model's layers at once, in their order. Names that already are identifiers keep
/// theirs; of the others that collide, the first keeps its name and the later ones get _2, _3, ... "Conv1" and
/// "conv1" collide too: they would be one file where file systems ignore case.
std::vector<std::string> uniqueIdentifiers(std::span<const std::string> paths);

/// Upper-case ASCII, for include guards; the locale does not matter.
std::string upperAscii(std::string_view text);

/// Text from a file made harmless inside a C comment: printable ASCII on one line, without the beginning or end of a
/// comment, backslashes (line splices) or trigraphs; longer texts end in "...".
std::string commentText(std::string_view text, std::size_t longest = 200);

} // namespace quantscope
