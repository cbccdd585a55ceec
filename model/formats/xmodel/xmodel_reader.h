#pragma once

#include "formats/reader.h"

namespace quantscope {

/// Vitis AI's .xmodel: a protocol buffer serial_v2.Graph (Xilinx/Vitis-AI, XIR 3.5), before the compiler (*_int.xmodel)
/// or after it. A graph's name or an operator stands where ONNX has numbers.
bool looksLikeXmodel(std::span<const std::byte> head, const ReadRequest &request);
/// Every operator becomes a node of the domain "xir" in the file's order, with one output. Its attributes keep their
/// names; those of its output tensor stand behind "tensor.", its dimensions as "tensor.dims". "arguments" names what
/// each input is to it. The data of a constant is the attribute "data", a tensor of the operator's name. Subgraphs,
/// which hold the DPU's instructions, and definitions of operators are not read. Throws ParseError.
ModelFile readXmodel(const ReadRequest &request);

/// The Vitis AI Library lays texts that name another file in place of models.
bool looksLikeXmodelLink(std::span<const std::byte> head, const ReadRequest &request);
/// Throws ParseError that names the file.
ModelFile readXmodelLink(const ReadRequest &request);

} // namespace quantscope
