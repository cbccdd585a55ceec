// libFuzzer: the code of a TorchScript archive as input, what follows it and what is made of its graph. Build with the
// preset `fuzz`, then
//   build/fuzz/bin/fuzz_script -max_len=16384 CORPUS
// with the code of a class __torch__.M in each file of the corpus.

#include "../formats/zip_builder.h"
#include "dialects/interpret.h"
#include "network/joins.h"
#include "touch_model.h"

namespace {

using namespace quantscope;
using namespace std::string_literals;

/// A module of the class __torch__.M with a weight of 4 x 4 numbers.
const std::string kModule = "\x80\x02"
                            "c__torch__\nM\n)\x81}(X\x06\0\0\0weightctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0"
                            "storagectorch\nFloatStorage\nX\x01\0\0\0"
                            "0X\x03\0\0\0cpuK\x10tQK\0K\x04K\x04\x86K\x04K\x01\x86\x89"
                            "ccollections\nOrderedDict\n)RtRub."s;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string code(reinterpret_cast<const char *>(data), size);
    const std::string archive = test::ZipBuilder()
                                    .add("m/data.pkl", kModule)
                                    .add("m/constants.pkl", "\x80\x02)."s)
                                    .add("m/data/0", std::string(64, '\x01'))
                                    .add("m/version", "3\n")
                                    .add("m/code/__torch__.py", code)
                                    .finish();
    const auto source = std::make_shared<MemorySource>(test::toBytes(archive));
    const auto file = openModel(source, "m.pt", fuzz::smallLimits());
    if (!file)
        return 0;
    const auto network = recoverQuantizers(*file);
    if (network)
        (void)disagreeingJoins(*network);
    return 0;
}
