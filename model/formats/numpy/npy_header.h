#pragma once

#include "tensor/tensor.h"

#include <cstdint>
#include <string_view>

namespace quantscope {

/// What stands before the elements of a .npy file.
struct NpyHeader {
    DType dtype = DType::Unknown;
    bool bigEndian = false;
    bool fortranOrder = false; ///< the first index is the fastest
    Shape shape;
    std::uint64_t dataOffset = 0; ///< from the first byte of the array's file
};

/// True for bytes that begin as a .npy file does.
bool isNpy(std::span<const std::byte> head);

/// Reads the header (NumPy's format, versions 1 to 3) of the array that begins at `storage`: a dict literal, which is
/// parsed and never evaluated. Throws ParseError; refused are arrays of objects, which are pickles, of records, texts
/// and dates.
NpyHeader readNpyHeader(const Storage &storage, const Limits &limits);

/// A tensor of the elements behind the header; `behind` is set to the bytes that follow them. Throws ParseError.
TensorInfo npyTensor(const NpyHeader &header, const Storage &storage, const Limits &limits, std::uint64_t &behind);

} // namespace quantscope
