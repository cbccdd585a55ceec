#include "run/data_choice.h"
#include "run/npz_writer.h"
#include "run/run_choices.h"
#include "run/sample_file.h"
#include "support/gzip.h"
#include "support/paths.h"

#include <zlib.h>

#include <QTemporaryDir>
#include <QtTest>

using namespace quantscope;
using test::gzip;

namespace {

QByteArray npy(const char *descr, const char *shape, const QByteArray &elements, const char *fortran = "False")
{
    QByteArray dict
        = QByteArray("{'descr': '") + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
    dict.append(117 - dict.size(), ' ').append('\n');
    return QByteArray("\x93NUMPY\x01\0\x76\0", 10) + dict + elements;
}

/// Unsigned bytes, 2 samples of 1x3: 1 2 3, 4 5 255.
const QByteArray kIdx("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03\x01\x02\x03\x04\x05\xff", 22);

template <class T> QByteArray raw(std::initializer_list<T> values)
{
    return {reinterpret_cast<const char *>(std::data(values)), static_cast<qsizetype>(values.size() * sizeof(T))};
}

/// Samples [begin, begin + count) as text, or what is wrong.
QString samplesText(SampleFile &file, std::uint64_t begin, std::uint64_t count, DType as)
{
    try {
        const auto bytes = file.read(begin, count, as);
        QStringList out;
        const auto each = [&]<class T>(T) {
            for (std::size_t i = 0; i < bytes.size(); i += sizeof(T)) {
                T value{};
                std::memcpy(&value, bytes.data() + i, sizeof(T));
                out << QString::fromStdString(fmt::format("{}", value));
            }
        };
        as == DType::Float32       ? each(0.0f)
            : as == DType::Float64 ? each(0.0)
            : as == DType::Int64   ? each(std::int64_t{})
                                   : each(std::int8_t{});
        return out.join(' ');
    } catch (const ParseError &error) {
        return error.what();
    }
}

} // namespace

class TestSampleFile : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string written(const char *name, const QByteArray &content)
    {
        QFile file(m_folder.filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write");
        return file.fileName().toStdString();
    }

private Q_SLOTS:
    void samples_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<int>("as");
        QTest::addColumn<QString>("last"); ///< of two samples the second
        const auto row = [](const char *name, const QByteArray &content, DType as, const char *last) {
            QTest::newRow(name) << content << static_cast<int>(as) << last;
        };
        row("float32", npy("<f4", "(2, 2)", raw({1.f, 2.f, 3.5f, -4.f})), DType::Float32, "3.5 -4");
        row("float64", npy("<f8", "(2, 2)", raw({1., 2., 0.1, -4.})), DType::Float64, "0.1 -4");
        row("float64 as float32", npy("<f8", "(2, 1)", raw({1., 16777217.})), DType::Float32, "16777216");
        row("big endian", npy(">i2", "(2, 1)", QByteArray("\0\1\xff\xfe", 4)), DType::Float32, "-2");
        row("by columns", npy("|i1", "(2, 3)", QByteArray("\1\4\2\5\3\6"), "True"), DType::Float32, "4 5 6");
        row("bool", npy("|b1", "(2,)", QByteArray("\0\1", 2)), DType::Float32, "1");
        row("uint8 as int8", npy("|u1", "(2,)", QByteArray("\1\x7f")), DType::Int8, "127");
        row("uint8 beyond int8", npy("|u1", "(2,)", QByteArray("\1\x80")), DType::Int8,
            "sample 1 holds 128, which is no int8, the type of the graph's input");
        row("whole floats as integers", npy("<f4", "(2,)", raw({1.f, -3.f})), DType::Int64, "-3");
        row("fractions as integers", npy("<f4", "(2,)", raw({1.f, 2.5f})), DType::Int64,
            "sample 1 holds 2.5, which is no int64, the type of the graph's input");
        row("uint64", npy("<u8", "(2,)", raw<std::uint64_t>({1, ~0ull})), DType::Int64,
            "sample 1 holds 18446744073709551615, which is no int64, the type of the graph's input");
        row("uint64 as float64", npy("<u8", "(2,)", raw<std::uint64_t>({1, 3ull << 62})), DType::Float64,
            "1.3835058055282164e+19");
        row("int64 as float64", npy("<i8", "(2,)", raw<std::int64_t>({1, -(1ll << 53)})), DType::Float64,
            "-9007199254740992");
        row("2 as a truth value", npy("|u1", "(2,)", QByteArray("\1\2")), DType::Bool,
            "sample 1 holds 2, which is no bool, the type of the graph's input");
        row("NaN", npy("<f4", "(2, 1)", raw({1.f, std::numeric_limits<float>::quiet_NaN()})), DType::Float32,
            "sample 1 holds a number that is not finite (nan)");
        row("float64 beyond float32", npy("<f8", "(2, 1)", raw({1., -1e300})), DType::Float32,
            "sample 1 holds -1e+300, which is beyond float32");
        row("infinity", npy("<f8", "(2, 1)", raw({1., std::numeric_limits<double>::infinity()})), DType::Float64,
            "sample 1 holds a number that is not finite (inf)");
        row("uint64 as float64", npy("<u8", "(2,)", raw<std::uint64_t>({1, 1ull << 63})), DType::Float64,
            "9.223372036854776e+18");
        row("IDX", kIdx, DType::Float32, "4 5 255");
        row("IDX of floats", QByteArray("\0\0\x0d\x01\0\0\0\x02\x3f\x80\0\0\xc0\0\0\0", 16), DType::Float32, "-2");
        row("IDX, gzipped", gzip(kIdx), DType::Int64, "4 5 255");
        row("IDX, in members of gzip", gzip(kIdx.left(3)) + gzip(kIdx.mid(3, 17), true) + gzip("") + gzip(kIdx.mid(20)),
            DType::Int64, "4 5 255");
        row("IDX, gzipped for a tape", gzip(kIdx.left(9)) + gzip(kIdx.mid(9)) + QByteArray(512, '\0'), DType::Int64,
            "4 5 255");
        row("IDX, gzipped by a program that says all it can", gzip(kIdx, true), DType::Int64, "4 5 255");
        row("IDX of int16", QByteArray("\0\0\x0b\x01\0\0\0\x02\0\1\xff\xfe", 12), DType::Int64, "-2");
        row("IDX of int32", QByteArray("\0\0\x0c\x01\0\0\0\x02\0\0\0\1\0\1\0\0", 16), DType::Int64, "65536");
        row("IDX of int8", QByteArray("\0\0\x09\x01\0\0\0\x02\1\xfe", 10), DType::Int64, "-2");
        row("IDX of float64",
            QByteArray("\0\0\x0e\x01\0\0\0\x02", 8) + QByteArray(8, '\0') + QByteArray("\xc0", 1) + QByteArray(7, '\0'),
            DType::Float64, "-2");
    }

    void samples()
    {
        QFETCH(QByteArray, content);
        QFETCH(int, as);
        QFETCH(QString, last);
        auto file = SampleFile::open(written("x.bin", content));
        QVERIFY2(file, file ? "" : file.error().text().c_str());
        QCOMPARE(file->samples(), std::uint64_t{2});
        QCOMPARE(samplesText(*file, 1, 1, static_cast<DType>(as)), last);
    }

    void refused_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("says");
        QTest::newRow("text") << QByteArray("1,2,3\n") << "is neither .npy, .npz nor IDX";
        QTest::newRow("empty") << QByteArray() << "is neither .npy, .npz nor IDX";
        QTest::newRow("scalar") << npy("<f4", "()", raw({1.f})) << "the first axis must count samples";
        QTest::newRow("no samples") << npy("<f4", "(0, 3)", {}) << "holds no samples: its shape is 0×3";
        QTest::newRow("complex") << npy("<c8", "(1,)", raw({1.f, 2.f})) << "elements of type complex64";
        QTest::newRow("objects") << npy("|O", "(1,)", raw({1.f, 2.f})) << "Python objects";
        QTest::newRow("cut off") << npy("<f4", "(9,)", raw({1.f})) << "the file was cut off";
        QTest::newRow("bytes behind") << npy("<f4", "(1, 1)", raw({1.f, 2.f, 3.f}))
                                      << "what follows the array is not read (bytes: 8): write it again as one array";
        QTest::newRow("IDX cut off") << kIdx.chopped(1) << "its array needs 6 bytes and 5 are there";
        QTest::newRow("IDX too long") << kIdx + "x"
                                      << "its array needs 6 bytes and 7 are there";
        QTest::newRow("gzip cut off") << gzip(kIdx).left(9) << "";
        QByteArray damaged = gzip(kIdx);
        damaged[damaged.size() - 6] = 'x';
        QTest::newRow("gzip damaged") << damaged << "the gzip stream is damaged: its CRC-32 is wrong";
        QTest::newRow("gzip whose second member is damaged")
            << gzip("") + damaged << "the gzip stream is damaged: its CRC-32 is wrong";
        QTest::newRow("gzip whose second member is cut off")
            << gzip(kIdx) + gzip(kIdx).chopped(9) << "ends within its gzip stream";
        QTest::newRow("gzip with more behind") << gzip(kIdx.left(4)) + gzip(kIdx.mid(4)) + "abc"
                                               << "has bytes behind its gzip members";
        QTest::newRow("gzip with an array in each member")
            << gzip(kIdx) + gzip(kIdx) << "its array needs 6 bytes and 28 are there";
    }

    void refused()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, says);
        const auto file = SampleFile::open(written("x.bin", content));
        QVERIFY(!file);
        QVERIFY2(QString::fromStdString(file.error().text()).contains(says), file.error().text().c_str());
    }

    void arrays_data()
    {
        QTest::addColumn<QString>("shapes"); ///< as written: NAME SHAPE, i for integers
        QTest::addColumn<QStringList>("inputs");
        QTest::addColumn<QString>("proposed");
        const auto row = [](const char *title, const char *shapes, const QStringList &inputs, const char *proposed) {
            QTest::newRow(title) << shapes << inputs << proposed;
        };
        row("samples and labels", "x 5,1,2|y 5 i", {}, "x with y");
        row("labels of another count", "x 5,1,2|y 4 i", {}, "x without labels");
        row("labels in a column", "x 5,1,2|y 5,1 i", {}, "x with y");
        row("labels that are floats", "x 5,1,2|y 5", {}, "x without labels");
        row("two kinds of labels", "x 5,1,2|coarse 5 i|fine 5 i", {}, "x without labels");
        row("two sets", "train 5,2|test 3,2|y 3 i", {}, "none");
        row("named like the input", "train 5,2|test 3,2|y 3 i", {"test"}, "test with y");
        row("one array", "x 5", {}, "x without labels");
        row("labels alone", "y 5 i", {}, "y without labels");
        row("two inputs", "a 5,2|b 5,3|y 5 i", {"a", "b"}, "the file with y");
    }
    /// What is taken without asking; where several arrays could be meant, nothing is.
    void arrays()
    {
        QFETCH(QString, shapes);
        QFETCH(QStringList, inputs);
        QFETCH(QString, proposed);
        std::vector<SampleArray> arrays;
        for (const QString &text : shapes.split('|')) {
            SampleArray array{"f.npz:" + text.section(' ', 0, 0).toStdString(), text.section(' ', 0, 0).toStdString(),
                {}, text.endsWith(" i") ? DType::Int64 : DType::Float32};
            for (const QString &size : text.section(' ', 1, 1).split(','))
                array.shape.push_back(size.toInt());
            arrays.push_back(array);
        }
        std::vector<std::string> names;
        for (const QString &input : inputs)
            names.push_back(input.toStdString());
        const ProposedData data = proposedData(arrays, names);
        const auto name = [](const SampleArray &array) {
            return array.place == "f.npz" ? std::string("the file") : array.place.substr(6);
        };
        const std::string said = !data.samples
            ? "none"
            : name(*data.samples) + (data.labels ? " with " + name(*data.labels) : " without labels");
        QCOMPARE(QString::fromStdString(said), proposed);
    }

    void arraysOfFiles()
    {
        const auto digits = sampleArrays(test::sample("digits_test.npz"));
        QVERIFY(digits.has_value());
        QStringList said;
        for (const SampleArray &array : *digits)
            said << QString("%1 %2 %3")
                        .arg(QString::fromStdString(array.name))
                        .arg(array.shape.size())
                        .arg(array.canBeLabels());
        QCOMPARE(said, (QStringList{"images 4 0", "labels 1 1"}));
        const std::string idx = written("idx", kIdx);
        const auto one = sampleArrays(idx);
        QVERIFY(one && one->size() == 1 && one->front().place == idx && one->front().shape == (Shape{2, 1, 3}));
        const auto text = sampleArrays(written("text", "1,2,3"));
        QVERIFY(!text && text.error().message.starts_with("is neither .npy, .npz nor IDX"));
        const auto summary = dataSummary({test::sample("digits_test.npz") + ":images", idx, {}}, {});
        QCOMPARE(QString::fromStdString(summary.error().message),
            QString("holds labels of shape 2×1×3: labels are one integer a sample"));
        QCOMPARE(samplePath("a/b.npz:images"), std::string("a/b.npz"));
        QCOMPARE(samplePath(idx), idx);
    }

    /// Ten gigabytes of zeros in ten megabytes: the sizes alone say it.
    void bombs()
    {
        QByteArray bomb = gzip(QByteArray(4'000'000, '\0'));
        const std::uint32_t claims = 4'000'000'000u;
        std::memcpy(bomb.data() + bomb.size() - 4, &claims, 4);
        const auto file = SampleFile::open(written("bomb.gz", bomb));
        QVERIFY(!file && QString::fromStdString(file.error().text()).contains("claims to inflate to 4000000000 bytes"));
    }

    /// Arrays of an .npz: what this program wrote, chosen by name; a bundled sample.
    void arraysOfAnArchive()
    {
        const std::string path = m_folder.filePath("two:arrays.npz").toStdString();
        auto writer = NpzWriter::create(path);
        QVERIFY(writer.has_value());
        writer->add("layer/a", {1, 2}, std::vector<float>{1, 2});
        writer->add("b", {1}, std::vector<float>{7});
        writer->add("layer/a", {2, 2}, std::vector<float>{3, 4, 5, 6});
        writer->add("b", {2}, std::vector<float>{8, 9});
        QVERIFY(writer->commit().has_value());
        auto a = SampleFile::open(path + ":layer/a");
        QVERIFY2(a, a ? "" : a.error().text().c_str());
        QCOMPARE(a->shape(), (Shape{3, 2}));
        QCOMPARE(samplesText(*a, 0, 3, DType::Float32), QString("1 2 3 4 5 6"));
        auto b = SampleFile::open(path, "b");
        QVERIFY(b.has_value());
        QCOMPARE(samplesText(*b, 0, 3, DType::Float32), QString("7 8 9"));
        const auto none = SampleFile::open(path, "input.1");
        QCOMPARE(QString::fromStdString(none.error().message),
            QString("holds several arrays (layer/a, b) and none named \"input.1\": say which, as FILE.npz:layer/a"));
        QVERIFY(none.error().kind == ErrorKind::Usage);
        const auto other = SampleFile::open(path + ":layer/c");
        QVERIFY(QString::fromStdString(other.error().message).contains("did you mean \"layer/a\""));
        auto images = SampleFile::open(test::sample("digits_test.npz") + ":images");
        QVERIFY(images.has_value());
        QCOMPARE(images->shape(), (Shape{360, 1, 8, 8}));
    }

    void aPieceOfAnotherShape()
    {
        const QString path = m_folder.filePath("other.npz");
        auto writer = NpzWriter::create(path.toStdString());
        writer->add("a", {1, 2}, std::vector<float>{1, 2});
        writer->add("a", {1, 3}, std::vector<float>{1, 2, 3});
        const auto done = writer->commit();
        QVERIFY(!done && QString::fromStdString(done.error().text()).contains("other shapes for other samples"));
        writer = NpzWriter::create(path.toStdString());
        QVERIFY(!QFile::exists(path));
    }

    /// A name that the archive's 16 bits do not hold.
    void aNameThatIsTooLong()
    {
        const QString path = m_folder.filePath("long.npz");
        for (const std::size_t length : {std::size_t{65531}, std::size_t{65532}}) {
            auto writer = NpzWriter::create(path.toStdString());
            const std::string name(length, 'n');
            writer->add("a", {1}, std::vector<float>{7}); // by which the archive is told
            writer->add(name, {1, 2}, std::vector<float>{1, 2});
            const auto done = writer->commit();
            if (length == 65531) {
                auto read = SampleFile::open(path.toStdString() + ":" + name);
                QVERIFY2(done && read, read ? "" : read.error().text().c_str());
                QCOMPARE(samplesText(*read, 0, 1, DType::Float32), QString("1 2"));
            } else {
                QCOMPARE(QString::fromStdString(done ? "" : done.error().message),
                    QString("cannot be written: the name of an array has 65532 bytes, and a zip archive holds 65531"));
            }
        }
    }

    /// A full disk: nothing is left.
    void aFullDisk()
    {
        if (!QFile::exists("/dev/full"))
            QSKIP("there is no /dev/full here");
        const auto writer = NpzWriter::create("/dev/full/out.npz");
        QVERIFY(!writer && writer.error().kind == ErrorKind::Io);
    }

    void labels_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("says");
        QTest::newRow("int64") << npy("<i8", "(3,)", raw<std::int64_t>({4, 0, 9})) << "4 0 9";
        QTest::newRow("a column") << npy("|u1", "(3, 1)", QByteArray("\4\0\x09", 3)) << "4 0 9";
        QTest::newRow("IDX") << QByteArray("\0\0\x08\x01\0\0\0\x03\x04\0\x09", 11) << "4 0 9";
        QTest::newRow("floats") << npy("<f4", "(3,)", raw({1.f, 2.f, 3.f}))
                                << "labels of type float32: labels are integers";
        QTest::newRow("rows") << npy("|u1", "(3, 2)", "abcdef")
                              << "labels of shape 3×2: labels are one integer a sample";
        QTest::newRow("too few") << npy("|u1", "(2,)", "ab") << "holds 2 labels for 3 samples";
        QTest::newRow("beyond int64") << npy("<u8", "(3,)", raw<std::uint64_t>({1, 2, ~0ull}))
                                      << "sample 2 holds 18446744073709551615, which is no int64, the type of labels";
        QTest::newRow("negative") << npy("|i1", "(3,)",
            "a\xff"
            "b") << "label -1 of sample 1 is negative";
    }

    void labels()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, says);
        const auto labels = readLabels(written("y.bin", content), 3);
        const std::string text = labels ? fmt::format("{}", fmt::join(*labels, " ")) : labels.error().message;
        QVERIFY2(QString::fromStdString(text).contains(says), text.c_str());
    }

    void choices_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("parsed");
        QTest::newRow("weight") << "conv1=ap_fixed<6,0>"
                                << "conv1 weight ap_fixed<6,0>";
        QTest::newRow("slot") << "net.relu:act=ap_ufixed<4,2>"
                              << "net.relu act ap_ufixed<4,2>";
        QTest::newRow("float") << "fc1:bias=float"
                               << "fc1 bias float";
        QTest::newRow("keywords") << "a=Int8WeightPerTensorFloat,bit_width=4"
                                  << "a weight Int8WeightPerTensorFloat,bit_width=4";
        QTest::newRow("a colon in the name") << "function QLin:inner=binary"
                                             << "function QLin:inner weight binary";
        QTest::newRow("no candidate") << "conv1"
                                      << "\"conv1\" is not of the form LAYER[:SLOT]=CANDIDATE";
        QTest::newRow("no layer") << "=binary"
                                  << "\"=binary\" is not of the form LAYER[:SLOT]=CANDIDATE";
        QTest::newRow("mistyped") << "conv1=binry"
                                  << "did you mean \"binary\"";
    }

    void choices()
    {
        QFETCH(QString, text);
        QFETCH(QString, parsed);
        const auto choice = parseRunChoice(text.toStdString());
        const std::string said = choice ? fmt::format("{} {} {}", choice->layer, choice->slot,
                                     choice->candidate ? choice->candidate->text : "float")
                                        : choice.error().message;
        QVERIFY2(QString::fromStdString(said).contains(parsed), said.c_str());
    }
};

QTEST_APPLESS_MAIN(TestSampleFile)
#include "tst_sample_file.moc"
