#include "formats/open_model.h"
#include "formats/zip/zip_archive.h"
#include "formats/zip_builder.h"
#include "support/paths.h"

#include <QDirIterator>

#include <cstring>
#include <random>

#include <malloc.h>

using namespace quantscope;
using namespace std::string_literals;

namespace {

/// Opens and touches every tensor; returns whether it opened. Must neither crash nor throw.
bool survive(std::vector<std::byte> bytes, const Limits &limits = {})
{
    const auto file = openModel(std::make_shared<MemorySource>(std::move(bytes)), "hostile", limits);
    if (!file)
        return false;
    for (const TensorInfo &tensor : (*file)->tensors) {
        if (!tensor.readable() || dtypeBits(tensor.dtype) == 0)
            continue;
        try {
            std::vector<std::uint64_t> first(std::min<std::uint64_t>(tensor.count(), 8));
            if (dtypeBits(tensor.dtype) <= 64)
                TensorReader(tensor).patterns(0, first);
        } catch (const ParseError &) {
        }
    }
    return true;
}

std::string pickleOf(const std::string &name)
{
    Budget budget(1ull << 30);
    const ZipArchive archive(std::make_shared<MemorySource>(test::bytesOf(test::data("torch/" + name))), {}, budget);
    for (const ZipEntry &entry : archive.entries())
        if (entry.name.ends_with("data.pkl")) {
            const auto bytes = archive.read(entry, 1 << 20, budget);
            return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
        }
    return {};
}

std::string mutated(std::string pickle, std::mt19937 &random)
{
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random()) % n; };
    constexpr std::string_view kOpcodes = "(.012NRabcdeghijlopstu})]\x81\x85\x86\x87\x93\x94";
    const std::size_t changes = 1 + below(6);
    for (std::size_t i = 0; i < changes && !pickle.empty(); ++i) {
        const std::size_t at = below(pickle.size());
        switch (below(5)) {
        case 0: pickle[at] = static_cast<char>(random()); break;
        case 1: pickle.erase(at, 1 + below(8)); break;
        case 2: pickle.insert(at, pickle.substr(below(pickle.size()), 1 + below(30))); break;
        case 3: pickle[at] = static_cast<char>(pickle[at] ^ (1 << below(8))); break;
        default: pickle.insert(at, 1, kOpcodes[below(kOpcodes.size())]);
        }
    }
    return pickle;
}

std::string u32(std::uint32_t value) { return {reinterpret_cast<const char *>(&value), 4}; }
std::string text(const std::string &value) { return "X" + u32(static_cast<std::uint32_t>(value.size())) + value; }

/// A tensor of the one storage that test::checkpoint() writes, put into memo entry 9.
std::string rebuiltTensor()
{
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0")
        + text("cpu") + "K\x08tQK\x00(K\x08t(K\x01t\x89}tRq\x09"s;
}

/// A line of /proc/self/status, in kilobytes.
long statusKilobytes(const char *key)
{
    QFile status("/proc/self/status");
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray &line : status.readAll().split('\n'))
        if (line.startsWith(key))
            return line.mid(static_cast<int>(std::strlen(key))).trimmed().split(' ').first().toLong();
    return 0;
}

/// How far the resident memory rises above where it was while `work` runs.
template <class Work> long grownKilobytes(Work &&work)
{
    ::malloc_trim(0); // else memory that earlier tests freed would hide what this one takes
    QFile reset("/proc/self/clear_refs"); // 5: start the high-water mark anew (proc(5))
    if (!reset.open(QIODevice::WriteOnly) || reset.write("5") != 1)
        return -1;
    reset.close();
    const long before = statusKilobytes("VmRSS:");
    work();
    return statusKilobytes("VmHWM:") - before;
}

} // namespace

class TestHostile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTruncation_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name :
            {"torch/zip/quantized.pt", "torch/zip/deflated.pt", "torch/ts/frozen.pt", "torch/zip/zip64.pt"})
            QTest::newRow(name) << QString(name);
    }

    void everyTruncation()
    {
        QFETCH(QString, name);
        const auto bytes = test::bytesOf(test::data(name.toStdString()));
        QVERIFY(bytes.size() > 100);
        const std::size_t step = bytes.size() > 20000 ? 7 : 1;
        for (std::size_t length = 0; length < bytes.size(); length += step) {
            const auto file = openModel(std::make_shared<MemorySource>(std::vector(
                                            bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length))),
                "cut");
            QVERIFY2(!file, qPrintable(QString::number(length)));
            QVERIFY(!file.error().message.empty());
        }
    }

    void mutatedPickles_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"zip/state_dict.pt", "zip/quantized.pt", "zip/odd_objects.pt", "zip/module_whole.pt",
                 "zip/sparse.pt", "zip/torch2_v3.pt", "zip/torchao_int8.pt", "zip/checkpoint_nested.pt",
                 "zip/proto4.pt", "qsd/dynamic_lstm.pt"})
            QTest::newRow(name) << QString(name);
    }

    /// 20,000 in all, each with a correct CRC, so that the damage reaches the pickle machine.
    void mutatedPickles()
    {
        QFETCH(QString, name);
        const std::string pickle = pickleOf(name.toStdString());
        QVERIFY(!pickle.empty());
        std::mt19937 random(12345);
        int opened = 0;
        for (int i = 0; i < 2000; ++i) {
            const std::string changed = mutated(pickle, random);
            test::ZipBuilder zip;
            zip.add("archive/data.pkl", changed);
            for (int s = 0; s < 12; ++s)
                zip.add("archive/data/" + std::to_string(s), std::string(9000, static_cast<char>(s)));
            opened += survive(test::toBytes(zip.finish())) ? 1 : 0;
        }
        QVERIFY2(opened > 0 && opened < 2000, "some must open and some must fail, else the mutations test nothing");
    }

    void mutatedArchives()
    {
        const auto good = test::bytesOf(test::data("torch/zip/deflated.pt"));
        std::mt19937 random(777);
        for (int i = 0; i < 3000; ++i) {
            auto bytes = good;
            for (unsigned changes = 1 + random() % 4; changes > 0; --changes)
                bytes[random() % bytes.size()] = static_cast<std::byte>(random());
            survive(std::move(bytes));
        }
    }

    void memoryBombs_data()
    {
        QTest::addColumn<QByteArray>("pickle");
        const auto row = [](const char *name, const std::string &pickle) {
            QTest::newRow(name) << QByteArray::fromStdString(pickle);
        };
        const auto repeated = [](const std::string &part, std::size_t times) {
            std::string out;
            out.reserve(part.size() * times);
            for (std::size_t i = 0; i < times; ++i)
                out += part;
            return out;
        };
        constexpr std::size_t kMany = 2'000'000;
        row("one tensor under many names", "}(" + text("a") + rebuiltTensor() + repeated("K\x01h\x09", kMany) + "u.");
        row("one tensor many times in a list", "](" + rebuiltTensor() + repeated("h\x09", 2 * kMany) + "e.");
        row("duplicates on the stack", "N" + repeated("2", 8 * kMany) + ".");
        row("marks", repeated("(", 8 * kMany) + "N.");
        row("empty lists", "(" + repeated("]", 8 * kMany) + "l.");
        row("lists of one", "(" + repeated("]Na", 3 * kMany) + "l.");
        row("long key below long key",
            repeated("}" + text(std::string(60000, 'k')), 100) + "N" + repeated("s", 100) + ".");
        row("a long name called often",
            "(c" + std::string(1 << 20, 'm') + "\nf\nq\x01" + repeated("h\x01)R", kMany) + "l.");
        row("escaped text", "(" + repeated("V\\u4e00\\u4e00\n", kMany) + "l.");
        row("memo with gaps", repeated("N", 1000) + "r" + u32(7'900'000) + repeated("N", 8'000'000) + ".");
        const std::string meta = "ctorch._utils\n_rebuild_meta_tensor_no_storage\nctorch\nfloat32\n("
            + repeated("K\x01", 60)
            + "t2\x87q\x01"
              "0q\x02";
        row("tensors of 60 axes", "](" + meta + repeated("h\x02h\x01R", 400'000) + "e.");
        const std::string id
            = "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x08tq\x01";
        row("one storage named often", "](" + id + repeated("h\x01Q", kMany) + "e.");
        row("unknown builders under long names",
            "}" + text(std::string(900, 'n')) + "](cm\nf\nq\x02" + id + "Q\x85q\x03" + repeated("h\x02h\x03R", kMany)
                + "es.");
    }

    /// Files of a few megabytes that ask for gigabytes.
    void memoryBombs()
    {
        QFETCH(QByteArray, pickle);
        auto bytes = test::checkpoint(pickle.toStdString());
        const long grown = grownKilobytes([&] { survive(std::move(bytes)); });
#if !defined(__SANITIZE_ADDRESS__)
        const long allowed = 100 * 1024 + 2 * static_cast<long>(pickle.size() / 1024);
        QVERIFY2(grown >= 0 && grown < allowed, qPrintable(QString("%1 MB").arg(grown / 1024)));
#else
        Q_UNUSED(grown);
#endif
    }

    /// Arguments that many objects share are gone through with each: a square of the file's size.
    void sharedArguments()
    {
        std::string pickle = "(", objects;
        for (int i = 0; i < 10'000; ++i) {
            pickle += "K\x01";
            objects += "h\x02h\x01\x81";
        }
        pickle += "tq\x01"
                  "0(ccollections\nFoo\nq\x02"
            + objects + "l.";
        const auto file = openModel(std::make_shared<MemorySource>(test::checkpoint(pickle)), "shared");
        QVERIFY(!file);
        QVERIFY2(file.error().message.find("shares its containers too often") != std::string::npos,
            file.error().message.c_str());
    }

    /// The same pickle deflated, so that the file is small: what a mail attachment could do.
    void deflatedBomb()
    {
        std::string pickle = "](" + rebuiltTensor();
        std::mt19937 random(1);
        for (int i = 0; i < 2'000'000; ++i)
            pickle += random() % 3 == 0 ? "h\x09" : "K\x05";
        const auto bytes = test::toBytes(
            test::ZipBuilder().add("a/data.pkl", pickle + "e.", true).add("a/data/0", std::string(32, '\0')).finish());
        pickle.clear();
        pickle.shrink_to_fit();
        const long grown = grownKilobytes([&] { survive(bytes); });
#if !defined(__SANITIZE_ADDRESS__)
        QVERIFY2(grown >= 0 && grown < 100 * 1024, qPrintable(QString("%1 MB").arg(grown / 1024)));
#else
        Q_UNUSED(grown);
#endif
    }
};

QTEST_APPLESS_MAIN(TestHostile)
#include "tst_hostile.moc"
