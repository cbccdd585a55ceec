#pragma once

#include <string>
#include <string_view>

namespace quantscope {

/// Names this process in what it leaves behind if it is ended: "1234.8812345.9f3a2c1b77e0d4aa", its number, its start,
/// and the kernel and container in which both mean something. Empty where the system does not tell.
std::string writerMark();

/// The process of a mark is not there any more. False wherever that is not certain: a mark of another machine, of
/// another boot or container, one that is none.
bool isDeadWriter(std::string_view mark);

} // namespace quantscope
