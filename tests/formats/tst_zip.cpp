#include "formats/zip/inflate.h"
#include "formats/zip/zip_archive.h"
#include "formats/zip_builder.h"

#include <QtTest>

#include <thread>

using namespace quantscope;
using test::ZipBuilder;

namespace {

ZipArchive open(const std::string &bytes)
{
    static Budget budget(1ull << 30);
    return ZipArchive(std::make_shared<MemorySource>(test::toBytes(bytes)), Limits{}, budget);
}

std::string contentOf(const ZipArchive &archive, std::string_view name, const Limits &limits = {})
{
    Budget budget(1ull << 30);
    const ZipEntry *entry = archive.find(name);
    if (entry == nullptr)
        return "(absent)";
    const auto bytes = archive.read(*entry, limits.inflateBytes, budget);
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// Text that deflates well, but not to nothing, and tells its own offsets.
std::string numbered(std::size_t bytes)
{
    std::string out;
    for (std::size_t i = 0; out.size() < bytes; ++i)
        out += std::to_string(i * 2654435761u) + ",";
    out.resize(bytes);
    return out;
}

/// Counts what is read of another.
class CountedSource final : public ByteSource {
public:
    explicit CountedSource(std::shared_ptr<const ByteSource> of)
        : m_of(std::move(of))
    {
    }
    std::uint64_t size() const override { return m_of->size(); }
    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        bytesRead += out.size();
        m_of->read(offset, out);
    }
    mutable std::uint64_t bytesRead = 0;

private:
    std::shared_ptr<const ByteSource> m_of;
};

/// The member of an archive that holds nothing but `content`, deflated.
DeflatedMember deflatedMember(const std::string &content)
{
    const std::string bytes = ZipBuilder().add("a", content, true).finish();
    const ZipEntry entry = *open(bytes).find("a");
    return {std::make_shared<MemorySource>(test::toBytes(bytes)), entry.dataOffset, entry.storedSize, entry.size,
        entry.crc, "member 'a' of the zip archive"};
}

/// A deflated member that counts what is read of it.
struct CountedMember {
    explicit CountedMember(std::size_t size)
        : text(numbered(size))
        , member(deflatedMember(text))
        , counted(std::make_shared<CountedSource>(member.source))
    {
        member.source = counted;
    }

    std::string text;
    DeflatedMember member;
    std::shared_ptr<CountedSource> counted;
};

void patch(std::string &bytes, std::size_t at, std::string_view replacement)
{
    bytes.replace(at, replacement.size(), replacement);
}

} // namespace

class TestZip : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void storedAndDeflated()
    {
        const std::string text = numbered(10000);
        const ZipArchive archive
            = open(ZipBuilder().add("a", text).add("b/c", text, true).add("empty", "").add("d/", "").finish());
        QCOMPARE(archive.entries().size(), std::size_t(4));
        QVERIFY(contentOf(archive, "a") == text);
        QVERIFY(contentOf(archive, "b/c") == text);
        QCOMPARE(contentOf(archive, "empty"), std::string());
        QVERIFY(archive.find("d/")->isFolder());
        QVERIFY(archive.find("nothing") == nullptr);
    }

    void localExtraFieldsMoveTheData()
    {
        const ZipArchive archive
            = open(ZipBuilder().add({"a", "first", false, 0, "FB\x04\x00ZZZZ"}).add("b", "second").finish());
        QCOMPARE(contentOf(archive, "a"), std::string("first"));
        QCOMPARE(contentOf(archive, "b"), std::string("second"));
    }

    void commentsThatLookLikeAnEnd()
    {
        const std::string inner = std::string("PK\x05\x06", 4) + std::string(18, '\0');
        const ZipArchive archive = open(ZipBuilder().add("a", "text").finish(inner + "tail"));
        QCOMPARE(contentOf(archive, "a"), std::string("text"));
    }

    void deflatedMembersAreRandomAccess()
    {
        const std::string text = numbered(5 << 20); // several windows
        const ZipArchive archive = open(ZipBuilder().add("big", text, true).finish());
        const Storage storage = archive.storage(*archive.find("big"));
        QCOMPARE(storage.bytes, std::uint64_t(text.size()));
        for (const std::size_t at :
            {std::size_t(0), std::size_t(4 << 20), std::size_t(17), text.size() - 5, std::size_t(1 << 20)}) {
            std::vector<std::byte> out(5);
            storage.source->read(storage.offset + at, out);
            QCOMPARE(std::string(reinterpret_cast<const char *>(out.data()), 5), text.substr(at, 5));
        }
        std::vector<std::byte> out(2);
        QVERIFY_EXCEPTION_THROWN(storage.source->read(text.size() - 1, out), ParseError);
    }

    void readersOfOneMemberAtTwoPlaces()
    {
        const CountedMember large(8 << 20); // several windows
        const auto &[text, member, counted] = large;
        InflatePool pool;
        std::vector<std::byte> out(1);
        for (std::size_t at = 0; at < text.size() / 2; at += 64 << 10)
            for (const std::size_t place : {at, at + text.size() / 2}) {
                pool.read(member, place, out);
                QCOMPARE(static_cast<char>(out[0]), text[place]);
            }
        QVERIFY(counted->bytesRead <= 3 * member.storedSize); // neither takes the other back to the start
    }

    /// As a matrix stored by columns is read by rows.
    void deflatedMembersReadBackAndForth()
    {
        const CountedMember large(4 << 20); // several windows
        const auto &[text, member, counted] = large;
        InflatePool pool;
        std::vector<std::byte> out(8);
        for (std::size_t row = 0; row < 64; ++row)
            for (std::size_t at = row * out.size(); at < text.size(); at += 64 << 10) {
                pool.read(member, at, out);
                QCOMPARE(std::string(reinterpret_cast<const char *>(out.data()), out.size()), text.substr(at, 8));
            }
        QVERIFY2(counted->bytesRead <= 5 * member.storedSize,
            qPrintable(QString("%1 of %2").arg(counted->bytesRead).arg(member.storedSize)));
    }

    void largeMembersReadBackAndForthAreRefused()
    {
        const CountedMember large(12 << 20); // more windows than streams are kept
        const auto &[text, member, counted] = large;
        InflatePool pool(1 << 20); // less than the member
        std::vector<std::byte> out(8);
        QString why;
        for (std::size_t row = 0; row < 64 && why.isEmpty(); ++row)
            for (std::size_t at = row * out.size(); at < text.size() && why.isEmpty(); at += 256 << 10)
                try {
                    pool.read(member, at, out);
                } catch (const ParseError &error) {
                    why = error.what();
                }
        QCOMPARE(why,
            QString("member 'a' of the zip archive is compressed and read back and forth, for which its 12582912 bytes "
                    "are too many: write the file again without compression"));
        QVERIFY(counted->bytesRead <= 18 * member.storedSize);
        pool.read(deflatedMember(numbered(100)), 0, out); // others are read as before
    }

    void readingPastTheEndOfADeflatedMember_data()
    {
        QTest::addColumn<std::uint64_t>("offset");
        QTest::addColumn<int>("count");
        QTest::newRow("across the end") << std::uint64_t{2999} << 2;
        QTest::newRow("from the end") << std::uint64_t{3000} << 1;
        QTest::newRow("behind the end") << std::uint64_t{5000} << 1;
        QTest::newRow("offset and count overflow") << ~std::uint64_t{0} << 2;
    }
    void readingPastTheEndOfADeflatedMember()
    {
        QFETCH(std::uint64_t, offset);
        QFETCH(int, count);
        const DeflatedMember member = deflatedMember(numbered(3000));
        InflatePool pool;
        std::vector<std::byte> out(static_cast<std::size_t>(count));
        QVERIFY_EXCEPTION_THROWN(pool.read(member, offset, out), ParseError);
        pool.read(member, 2998, std::span(out).first(1)); // the pool still reads what is there
        QCOMPARE(static_cast<char>(out[0]), numbered(3000)[2998]);
    }

    void membersOfOneOffsetAndSeveralSizes()
    {
        const DeflatedMember member = deflatedMember(numbered(3000));
        DeflatedMember longer = member;
        longer.size = 4000;
        InflatePool pool;
        std::vector<std::byte> out(1);
        pool.read(member, 2999, out);
        QVERIFY_EXCEPTION_THROWN(pool.read(longer, 3500, out), ParseError);
    }

    void manyDeflatedMembersFromSeveralThreads()
    {
        ZipBuilder builder;
        for (int i = 0; i < 20; ++i)
            builder.add("m" + std::to_string(i), numbered(20000 + static_cast<std::size_t>(i)), true);
        const ZipArchive archive = open(builder.finish());
        std::atomic<int> wrong = 0;
        const auto work = [&](int first) {
            for (int round = 0; round < 60; ++round) {
                const auto i = static_cast<std::size_t>((first + round) % 20);
                const std::string text = numbered(20000 + i);
                const Storage storage = archive.storage(*archive.find("m" + std::to_string(i)));
                const auto bytes = storage.source->bytes(static_cast<std::uint64_t>(round) * 100, 50);
                wrong += std::memcmp(bytes.data(), text.data() + round * 100, 50) != 0 ? 1 : 0;
            }
        };
        std::thread other(work, 3);
        work(0);
        other.join();
        QCOMPARE(wrong.load(), 0);
    }

    void damagedData()
    {
        const std::string text = numbered(3000);
        std::string stored = ZipBuilder().add("a", text).finish();
        stored[100] ^= 1;
        QVERIFY_EXCEPTION_THROWN(contentOf(open(stored), "a"), ParseError);
        std::string deflated = ZipBuilder().add("a", text, true).finish();
        deflated[400] ^= 1;
        QVERIFY_EXCEPTION_THROWN(contentOf(open(deflated), "a"), ParseError);
    }

    void bombs()
    {
        const std::string zeros(8 << 20, '\0');
        const ZipArchive archive = open(ZipBuilder().add("z", zeros, true).finish());
        QVERIFY_EXCEPTION_THROWN(contentOf(archive, "z"), ParseError); // into memory: refused by its ratio
        std::vector<std::byte> out(16);
        archive.storage(*archive.find("z")).source->read((8 << 20) - 16, out); // as a storage: streamed
        QVERIFY(out.back() == std::byte{0});
        Budget small(1000);
        const ZipArchive plain = open(ZipBuilder().add("a", numbered(5000)).finish());
        QVERIFY_EXCEPTION_THROWN(plain.read(*plain.find("a"), 10000, small), ParseError);
    }

    void refused_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        const auto row = [](const char *name, const std::string &bytes) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes);
        };
        const std::string good = ZipBuilder().add("a", "hello").add("b", "world").finish();
        const std::size_t directory = good.find("PK\x01\x02");
        const std::size_t end = good.find("PK\x05\x06");
        const auto patched = [&](std::size_t at, std::string_view with) {
            std::string bytes = good;
            patch(bytes, at, with);
            return bytes;
        };
        using namespace std::string_view_literals;
        row("duplicate names", ZipBuilder().add("a", "1").add("a", "2").finish());
        row("encrypted", ZipBuilder().add({"a", "1", false, 1, {}}).finish());
        row("method 12", patched(directory + 10, "\x0c\x00"sv));
        row("stored sizes differ", patched(directory + 20, "\x04\x00\x00\x00"sv));
        row("overlap", patched(directory + 20, "\x10\x00\x00\x00\x10\x00\x00\x00"sv));
        row("impossible ratio", patched(directory + 10, "\x08\x00"sv).replace(directory + 24, 4, "\xff\xff\xff\x00"sv));
        row("local name differs", patched(30, "x"));
        row("local offset outside", patched(directory + 42, "\xff\xff\xff\x7f"sv));
        row("zip64 size without its field", patched(directory + 24, "\xff\xff\xff\xff"sv));
        row("count too large", patched(end + 8, "\x09\x00\x09\x00"sv));
        row("count too small", patched(end + 8, "\x01\x00\x01\x00"sv));
        row("second disk", patched(end + 4, "\x01\x00"sv));
        row("directory signature", patched(directory, "PX"));
        row("comment too long", patched(end + 20, "\x05\x00"sv));
        row("no end", good.substr(0, end));
        row("trailing bytes", good + "x");
        row("nothing", "");
    }

    void refused()
    {
        QFETCH(QByteArray, bytes);
        QVERIFY_EXCEPTION_THROWN(open(bytes.toStdString()), ParseError);
    }
};

QTEST_APPLESS_MAIN(TestZip)
#include "tst_zip.moc"
