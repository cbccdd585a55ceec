#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace quantscope {

/// Where the branches end that a layer's name lies in, each with its separator: "a.b.conv" -> {2, 4}, "/a/b/Conv" ->
/// {3, 5}. Names with slashes (ONNX) are parted at these alone, since their parts have dots ("/layer1/layer1.0/conv");
/// others at dots. No part is empty, so that "a..b" is parted once and ".a" and "a." not at all.
std::vector<std::size_t> branchEnds(std::string_view name);

} // namespace quantscope
