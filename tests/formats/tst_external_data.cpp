#include "formats/onnx/external_data.h"
#include "support/file_limit.h"
#include "support/onnx_tensor.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <fstream>

#include <sys/resource.h>

using namespace quantscope;
using namespace quantscope::test::proto;
using test::onlyTensor;
using test::shown;
namespace fs = std::filesystem;

namespace {

constexpr const char *kContent = "12345678";

void writeFile(const fs::path &path) { std::ofstream(path, std::ios::binary) << kContent; }

/// A model's folder and one that is none of its business, with a file each, and links between them.
class Folders {
public:
    Folders()
        : m_root(fs::path(m_directory.path().toStdString()))
    {
        fs::create_directories(m_root / "model" / "weights");
        fs::create_directories(m_root / "secret");
        writeFile(m_root / "secret" / "key.bin");
        writeFile(m_root / "model" / "w.bin");
        writeFile(m_root / "model" / "weights" / "w.bin");
        link("w.bin", "model/link_beside.bin");
        link("weights/w.bin", "model/link_below.bin");
        link("weights", "model/link_folder_inside");
        link("../w.bin", "model/weights/link_up.bin");
        link("../model/w.bin", "model/link_out_and_back.bin");
        link("../secret/key.bin", "model/link_outside.bin");
        link((m_root / "secret" / "key.bin").string(), "model/link_absolute.bin");
        link("link_outside.bin", "model/link_of_link.bin");
        link("../secret", "model/link_folder_outside");
        link("..", "model/link_parent");
        link("../../secret/key.bin", "model/weights/link_outside.bin");
        link("nothing.bin", "model/link_nothing.bin");
        link("link_circle.bin", "model/link_circle.bin");
        link("model", "model_link");
        // A download cache: links with the names of a revision to files named by what they hold.
        fs::create_directories(m_root / "cache" / "blobs");
        fs::create_directories(m_root / "cache" / "snapshots");
        writeFile(m_root / "cache" / "blobs" / "1f3a");
        writeFile(m_root / "cache" / "blobs" / "9c0d");
        link("../blobs/1f3a", "cache/snapshots/m.onnx");
        link("../blobs/9c0d", "cache/snapshots/m.onnx_data");
        link("../../secret/key.bin", "cache/snapshots/stolen");
        fs::create_hard_link(m_root / "secret" / "key.bin", m_root / "model" / "hard.bin");
        fs::create_directories(m_root / "model_evil"); // its name begins with the folder's
        writeFile(m_root / "model_evil" / "w.bin");
        link("../model_evil/w.bin", "model/link_sibling.bin");
    }

    std::string path(const std::string &name) const { return (m_root / name).string(); }

private:
    void link(const std::string &target, const std::string &name) { fs::create_symlink(target, m_root / name); }

    QTemporaryDir m_directory;
    fs::path m_root;
};

/// "read", or why not.
std::string attach(const std::string &model, const std::string &location)
{
    onnx::ExternalData external(model);
    TensorInfo tensor;
    try {
        external.attach(tensor, {location, "2", "4"}, 4);
    } catch (const ParseError &error) {
        return error.what();
    }
    const std::vector<std::byte> bytes = tensor.storage.source->bytes(tensor.storage.offset, tensor.storage.bytes);
    const bool right = std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size()) == "3456";
    return right ? "read" : "read something else";
}

} // namespace

/// A model comes from strangers: the sentences are what a user reads when one asks for a file that is not its own.
class TestExternalData : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void locations_data()
    {
        QTest::addColumn<QString>("location");
        QTest::addColumn<QString>("expected"); // %1 is the location
        const auto row = [](const char *location, const char *expected) {
            QTest::newRow(location) << QString(location) << QString(expected);
        };
        const char *read = "read";
        const char *absolute = "external data: '%1' is an absolute path";
        const char *leaves = "external data: '%1' leaves the model's folder";
        const char *link = "external data: '%1' is a link that leaves the model's folder";
        const char *nothing = "external data: '%1' is not a file beside the model";
        row("w.bin", read);
        row("./w.bin", read);
        row("weights/w.bin", read);
        row("link_beside.bin", read);
        row("link_below.bin", read);
        row("link_folder_inside/w.bin", read);
        row("weights/link_up.bin", read);
        row("link_out_and_back.bin", read); // ends inside the folder
        row("link_outside.bin", link);
        row("link_absolute.bin", link);
        row("link_of_link.bin", link);
        row("link_folder_outside/key.bin", link);
        row("link_parent/secret/key.bin", link);
        row("weights/link_outside.bin", link);
        row("link_sibling.bin", link);
        row("link_parent/model/w.bin", read); // out and back again
        row("hard.bin", read); // package managers share files so
        row("link_nothing.bin", nothing);
        row("link_circle.bin", nothing);
        row("weights", nothing);
        row("absent.bin", nothing);
        row("../secret/key.bin", leaves);
        row("weights/../../secret/key.bin", leaves);
        row("weights/../w.bin", leaves); // refused by its text, before the disk is asked
        row("weights\\..\\w.bin", leaves);
        row("..", leaves);
        row("/etc/hostname", absolute);
        row("\\\\server\\share", absolute);
        row("C:\\key.bin", absolute);
        row("c:key.bin", absolute);
        row("", "external data: '%1' is not a file name");
    }
    void locations()
    {
        QFETCH(QString, location);
        QFETCH(QString, expected);
        const Folders folders;
        QString sentence = expected.contains("%1") ? expected.arg(location) : expected;
        QCOMPARE(QString::fromStdString(attach(folders.path("model/m.onnx"), location.toStdString())), sentence);
    }

    /// The user chose where the model lies; only what the model says is not trusted.
    void aModelBehindALink()
    {
        const Folders folders;
        QCOMPARE(attach(folders.path("model_link/m.onnx"), "w.bin"), std::string("read"));
        QCOMPARE(attach(folders.path("model_link/m.onnx"), "link_outside.bin"),
            std::string("external data: 'link_outside.bin' is a link that leaves the model's folder"));
    }

    /// Where the model itself is a link, what lies beside the file that it leads to is its own too.
    void aDownloadCache()
    {
        const Folders folders;
        const std::string model = folders.path("cache/snapshots/m.onnx");
        QCOMPARE(attach(model, "m.onnx_data"), std::string("read"));
        QCOMPARE(
            attach(model, "stolen"), std::string("external data: 'stolen' is a link that leaves the model's folder"));
        // Of a copy beside the links nothing else belongs to it.
        QCOMPARE(attach(folders.path("cache/snapshots/copy.onnx"), "m.onnx_data"),
            std::string("external data: 'm.onnx_data' is a link that leaves the model's folder"));
    }

    void externalData()
    {
        if (!test::mayWrite((5ull << 30) + 2))
            QSKIP("files of 5 GiB may not be written here");
        QTemporaryDir folder;
        const std::string path = folder.filePath("m.onnx").toStdString();
        {
            std::ofstream file(folder.filePath("w.bin").toStdString(), std::ios::binary);
            file << fromHex("10f809e402");
            file.seekp(static_cast<std::streamoff>(5ull << 30)); // a hole beyond 4 GiB
            file << "\x07\xf9";
        }
        const auto at = [&](const std::string &tensor) { return shown(onlyTensor(tensor, 5, path)); };
        QCOMPARE(at(external("w", 22, {5}, "w.bin", 0, "3")), QString("int4 0 1 -8 -1 -7"));
        QCOMPARE(at(external("w", 25, {5}, "w.bin", 3, "2")), QString("uint2 0 1 2 3 2"));
        QCOMPARE(at(external("w", 3, {2}, "w.bin", 5ull << 30)), QString("int8 7 -7"));
        QCOMPARE(at(external("w", 3, {3}, "w.bin", 5ull << 30)),
            QString("external data: 2 bytes in 'w.bin', but the shape and type need 3"));
        QCOMPARE(at(external("w", 3, {1}, "w.bin", 0, "18446744073709551616")),
            QString("external data: the length '18446744073709551616' is not a number"));
        QCOMPARE(at(external("w", 3, {1}, "w.bin", UINT64_MAX)),
            QString("external data: offset 18446744073709551615 lies past the end of 'w.bin' (5368709122 bytes)"));
        // In the attribute of a node of a branch.
        const GraphParts branch{
            {node("Constant", "", {}, {"k"}, {tensorAttribute("value", external("", 22, {5}, "w.bin", 0, "3"))})}, {},
            {}, {"k"}};
        const std::string bytes
            = model({{node("If", "sel", {"c"}, {"y"}, {graphAttribute("then_branch", branch.bytes())})}});
        const auto *begin = reinterpret_cast<const std::byte *>(bytes.data());
        const ModelFile file = readOnnx(
            {std::make_shared<MemorySource>(std::vector<std::byte>(begin, begin + bytes.size())), path, {}, {}});
        QCOMPARE(file.tensors.at(0).name, std::string("sel/then_branch:k"));
        QCOMPARE(shown(file.tensors[0]), QString("int4 0 1 -8 -1 -7"));
    }

    /// torch.onnx.export writes one file for each tensor of a model beyond 2 GiB; a process may hold about a thousand
    /// open.
    void thousandsOfExternalFiles()
    {
        QTemporaryDir folder;
        constexpr int kFiles = 600;
        GraphParts graph;
        for (int i = 0; i < kFiles; ++i) {
            const std::string name = "w" + std::to_string(i);
            std::ofstream(folder.filePath(QString::fromStdString(name)).toStdString())
                << static_cast<char>('0' + i % 10);
            graph.initializers.push_back(external(name, 3, {1}, i % 2 == 0 ? name : "./" + name, 0, "1"));
            graph.initializers.push_back(external(name + "again", 3, {1}, name, 0, "1"));
        }
        const std::string bytes = model(graph), path = folder.filePath("m.onnx").toStdString();
        const auto *begin = reinterpret_cast<const std::byte *>(bytes.data());
        const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(begin, begin + bytes.size()));
        rlimit before{};
        QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
        rlimit few = before;
        few.rlim_cur = 256;
        QCOMPARE(::setrlimit(RLIMIT_NOFILE, &few), 0);
        const ModelFile file = readOnnx({source, path, {}, {}});
        QStringList wrong;
        for (std::size_t i = 0; i < file.tensors.size(); ++i)
            if (const QString value = shown(file.tensors[i]); value != QString("int8 %1").arg(48 + i / 2 % 10))
                wrong << value;
        ::setrlimit(RLIMIT_NOFILE, &before);
        QCOMPARE(wrong, QStringList());
        QCOMPARE(file.tensors[0].storage.source, file.tensors[1].storage.source);
        // A file that is exchanged meanwhile is another one.
        const std::string last = folder.filePath(QString("w%1").arg(kFiles - 1)).toStdString();
        std::ofstream(last + ".new") << "x";
        std::filesystem::rename(last + ".new", last);
        QVERIFY_EXCEPTION_THROWN(readIntegers(file.tensors.back()), ParseError);
    }
};

QTEST_APPLESS_MAIN(TestExternalData)
#include "tst_external_data.moc"
