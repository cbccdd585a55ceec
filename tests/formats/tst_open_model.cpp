#include "formats/open_model.h"
#include "formats/zip_builder.h"
#include "support/paths.h"

#include <QTemporaryDir>

using namespace quantscope;
using namespace std::string_literals;

namespace {

template <class T> std::string bytesOf(T value) { return {reinterpret_cast<const char *>(&value), sizeof value}; }

std::string text(const std::string &value) { return "X" + bytesOf(static_cast<std::uint32_t>(value.size())) + value; }

std::string pickled(int number) { return text(std::to_string(number)); }

/// Of eight elements, the storage "0".
std::string floatTensor()
{
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0")
        + text("cpu") + "K\x08tQK\0(K\x08t(K\x01tI00\n}tR"s;
}

std::string tarMember(const std::string &name, const std::string &content)
{
    constexpr std::size_t kBlock = 512, kSize = 124, kChecksum = 148, kType = 156;
    std::string header = name;
    header.resize(kBlock, '\0');
    header.replace(kSize, 11, QString::number(content.size(), 8).rightJustified(11, '0').toStdString());
    header.replace(kChecksum, 8, 8, ' ');
    header[kType] = '0';
    int sum = 0;
    for (const char c : header)
        sum += static_cast<unsigned char>(c);
    header.replace(kChecksum, 6, QString::number(sum, 8).rightJustified(6, '0').toStdString());
    return header + content + std::string((kBlock - content.size() % kBlock) % kBlock, '\0');
}

} // namespace

class TestOpenModel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void foreignFormats_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("part");
        const auto row = [](const char *name, const std::string &bytes, const char *part) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(part);
        };
        row("empty", "", "is empty");
        row("text", "hello, this is no model\n", "text file");
        row("json", "{\"a\": 1}\n", "JSON");
        row("web page", "<!DOCTYPE html><html></html>", "web page");
        row("git lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull");
        row("legacy torch",
            "\x80\x02\x8a\x0al\xfc\x9c"
            "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."s,
            "cut off");
        row("pickle", "\x80\x04\x95\x00"s, "pickle");
        row("tar", "name" + std::string(253, '\0') + "ustar" + std::string(250, '\0'), "tar");
        row("safetensors", "\x09\x00\x00\x00\x00\x00\x00\x00{}"s, "a header of 9 bytes");
        row("gguf", "GGUF\x03\x00\x00\x00"s, "GGUF");
        row("hdf5", "\x89HDF\r\n\x1a\n"s, "HDF5");
        row("npy", "\x93NUMPY\x01\x00"s, "cut off");
        row("npz", test::ZipBuilder().add("a.npy", "\x93NUMPY").finish(), "array 'a'");
        row("tflite", "\x1c\x00\x00\x00TFL3"s, "TensorFlow Lite");
        row("gzip", "\x1f\x8b\x08\x00"s, "gzip");
        row("web page called safetensors", "<html><body>404</body></html>", "web page");
        row("web page behind a comment", "\xef\xbb\xbf\n<!-- x -->\n<HTML lang=\"en\">", "web page");
        row("an answer in XML", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML");
        row("openvino", "<?xml version=\"1.0\"?>\n<net name=\"x\" version=\"11\"><layers><layer id=\"0\"/>",
            "OpenVINO");
        row("python", "# a net\nimport torch\nnet = torch.nn.Linear(3, 4)\n", "Python source");
        row("toml", "# x\n[tool.black]\nline-length = 100\n", "TOML");
        row("recipe", "[[quantizer]]\nmatch = \"*\"\n", "a recipe of QuantScope");
        row("json list", "[1, 2]\n", "JSON");
        row("utf-16", "\xff\xfeh\0i\0"s, "UTF-16");
        row("zeros", std::string(5000, '\0'), "nothing but zeros");
        row("pickle of arrays", "\x80\x04\x95\x8b\0\0\0\0\0\0\0\x8c\x15numpy.core.multiarray\x94\x8c\x0c_reconstruct"s,
            "NumPy arrays");
        row("pickle of tensors", "\x80\x04\x95\x8b\0\0\0\0\0\0\0\x8c\x0ctorch._utils\x94"s, "pickle.load");
        row("pickle in text", "(dp0\nS'a'\np1\nI1\ns.", "pickle");
        row("xz",
            "\xfd"
            "7zXZ\0\0\4"s,
            "xz");
        row("zip with a model", test::ZipBuilder().add("m/best.onnx", "x").finish(), "holds m/best.onnx: unpack");
        row("empty zip", test::ZipBuilder().finish(), "without any file");
        row("zip of something", test::ZipBuilder().add("readme.txt", "x").finish(), "data.pkl");
        row("keras", test::ZipBuilder().add("config.json", "{}").add("model.weights.h5", "x").finish(), "Keras");
    }

    void foreignFormats()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, part);
        const auto file = openModel(std::make_shared<MemorySource>(test::toBytes(bytes.toStdString())), "some.file");
        QVERIFY(!file);
        QCOMPARE(file.error().kind, ErrorKind::Parse);
        QCOMPARE(file.error().path, std::string("some.file"));
        QVERIFY2(file.error().message.find(part.toStdString()) != std::string::npos, file.error().message.c_str());
    }

    /// The answer does not depend on the name, and has a way on.
    void foreignFormatsByAnyName_data() { foreignFormats_data(); }
    void foreignFormatsByAnyName()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, part);
        const auto source = std::make_shared<MemorySource>(test::toBytes(bytes.toStdString()));
        for (const char *name : {"x.pt", "x.onnx", "x.safetensors", "x", "x.tar"}) {
            const auto file = openModel(source, name);
            QVERIFY(!file);
            QVERIFY2(file.error().message.find(part.toStdString()) != std::string::npos, file.error().message.c_str());
        }
    }

    /// One array of objects among others hides none of them; what is no array is said.
    void arraysBesideOthers()
    {
        const auto npy = [](const std::string &literal, const std::string &data) {
            std::string out = "\x93NUMPY\x01"s + '\0';
            out += static_cast<char>(literal.size());
            return out + '\0' + literal + data;
        };
        const std::string bytes
            = test::ZipBuilder()
                  .add("fc.weight.npy",
                      npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }", "\1\2\3\4\5\6"))
                  .add("meta.npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }", "..."))
                  .add("more.npy", npy("{'shape': (2L,), \"descr\": '>u2', 'fortran_order': False}", "\1\2\3\4\5"s))
                  .add("readme.txt", "x")
                  .finish();
        const auto file = openModel(std::make_shared<MemorySource>(test::toBytes(bytes)), "a.npz");
        QVERIFY2(file, file ? "" : file.error().message.c_str());
        QCOMPARE((*file)->format, std::string("numpy"));
        QCOMPARE(readIntegers((*file)->tensors[0]), std::vector<std::int64_t>({1, 3, 5, 2, 4, 6}));
        QCOMPARE(readIntegers((*file)->tensors[2]), std::vector<std::int64_t>({0x102, 0x304}));
        QStringList texts;
        for (const Diagnostic &d : (*file)->diagnostics)
            texts << QString::fromStdString(d.rule + ": " + d.text);
        QCOMPARE(texts,
            QStringList({"array-unreadable: array 'meta': its NumPy header describes an array of Python objects, a "
                         "pickle, which is not read",
                "bytes-behind-the-end: what follows the array 'more' is not read (bytes: 1)",
                "not-an-array: 'readme.txt' in the archive is no array and is not read"}));
    }

    void missingAndFolders()
    {
        const auto absent = openModel(test::data("there/is/no.file"));
        QVERIFY(!absent);
        QCOMPARE(absent.error().kind, ErrorKind::Io);
        const auto folder = openModel(test::data("torch"));
        QVERIFY(!folder);
        QCOMPARE(folder.error().kind, ErrorKind::Io);
        QVERIFY(folder.error().message.find("folder") != std::string::npos);
    }

    void contentDecidesNotTheName()
    {
        QTemporaryDir folder;
        const QString copy = folder.filePath("weights.onnx");
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), copy));
        const auto file = openModel(copy.toStdString());
        QVERIFY(file);
        QCOMPARE((*file)->format, std::string("pytorch-checkpoint"));
        QCOMPARE((*file)->path, copy.toStdString());
        QCOMPARE((*file)->bytes, std::uint64_t(QFileInfo(copy).size()));
        QVERIFY((*file)->find("conv1.weight"));
    }

    void onnxUnderAnotherName()
    {
        QTemporaryDir folder;
        const QString copy = folder.filePath("weights.pt");
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed_qonnx.onnx")), copy));
        const auto file = openModel(copy.toStdString());
        QVERIFY(file);
        QCOMPARE((*file)->format, std::string("onnx"));
    }

    void shrinkingFiles()
    {
        QTemporaryDir folder;
        const QString copy = folder.filePath("a.pt");
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), copy));
        const auto file = openModel(copy.toStdString());
        QVERIFY(file);
        QVERIFY(QFile::resize(copy, 100));
        const TensorInfo &tensor = (*file)->tensors[*(*file)->find("fc1.weight")];
        QVERIFY_EXCEPTION_THROWN(readFloats(tensor), ParseError);
    }

    /// A module written whole: packed parameters are neither parameters nor buffers, whatever they are called.
    void packedObjectsOfModules()
    {
        const std::string packed
            = "ctorch\nScriptObject\n)\x81((K\x01]" + floatTensor() + "at" + text("__torch__.P") + "tb";
        std::string pickle = "cm\nE\n)\x81}(";
        for (const char *empty : {"_parameters", "_buffers", "_modules"})
            pickle += text(empty) + "}";
        pickle += text("_packed_weight_ih") + packed + text("_packed_weight_hh") + packed + text("other")
            + "cm\nO\n)\x81ub.";
        const auto file = openModel(std::make_shared<MemorySource>(test::checkpoint(pickle)), "module.pt");
        QVERIFY2(file, file ? "" : file.error().message.c_str());
        QStringList names;
        for (const TensorInfo &found : (*file)->tensors)
            names << QString::fromStdString(found.name);
        QCOMPARE(names, (QStringList{"_packed_weight_ih.1.0", "_packed_weight_hh.1.0"}));
    }

    /// The stream before PyTorch 1.6 with pickle_protocol=1, whose numbers are text.
    void streamOfAnOldProtocol()
    {
        std::string stream = "L119547037146038801333356L\n.I1001\n.(d.}" + text("w") + floatTensor() + "s.]" + text("0")
            + "a." + bytesOf(std::uint64_t{8});
        std::vector<float> values;
        for (int i = 0; i < 8; ++i) {
            values.push_back(static_cast<float>(i) / 4);
            stream += bytesOf(values.back());
        }
        const auto file = openModel(std::make_shared<MemorySource>(test::toBytes(stream)), "old.pth");
        QVERIFY2(file, file ? "" : file.error().message.c_str());
        QCOMPARE(readFloats((*file)->tensors[*(*file)->find("w")]), values);
    }

    /// Thousands of small pickles, as PyTorch 0.1 wrote them.
    void manyTensorsOfATar()
    {
        constexpr std::uint16_t kCount = 6000;
        std::string storages = "M" + bytesOf(kCount) + ".", tensors = storages, pickle = "}(";
        for (int i = 0; i < kCount; ++i) {
            storages += pickled(i) + pickled(0) + "ctorch\nFloatStorage\n\x87." + bytesOf(std::int64_t{1})
                + bytesOf(static_cast<float>(i));
            tensors += pickled(kCount + i) + pickled(i) + "ctorch\nFloatTensor\n\x87." + bytesOf(std::int64_t{1})
                + bytesOf(std::int64_t{1}) + bytesOf(std::int64_t{1}) + bytesOf(std::int64_t{0});
            pickle += pickled(i) + pickled(kCount + i) + "Q";
        }
        const std::string tar = tarMember("sys_info", "}.") + tarMember("pickle", pickle + "u.")
            + tarMember("tensors", tensors) + tarMember("storages", storages + "].") + std::string(1024, '\0');
        const auto file = openModel(std::make_shared<MemorySource>(test::toBytes(tar)), "old.pth");
        QVERIFY2(file, file ? "" : file.error().message.c_str());
        QCOMPARE((*file)->tensors.size(), std::size_t(kCount));
        QCOMPARE(readFloats((*file)->tensors[*(*file)->find("5999")]), std::vector<float>{5999});
    }

    void cancelling()
    {
        // Progress is reported every few thousand nodes, so the pickle needs some.
        std::string pickle = "(";
        for (int i = 0; i < 20000; ++i)
            pickle += "]";
        const auto source = std::make_shared<MemorySource>(test::checkpoint(pickle + "l."));
        const auto file = openModel(source, "a.pt", {}, Progress([](auto, auto) { return false; }));
        QVERIFY(!file);
        QCOMPARE(file.error().kind, ErrorKind::Cancelled);
        QVERIFY(openModel(source, "a.pt", {}, Progress([](auto, auto) { return true; })));
    }
};

QTEST_APPLESS_MAIN(TestOpenModel)
#include "tst_open_model.moc"
