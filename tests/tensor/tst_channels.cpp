#include "tensor/channels.h"

#include "tensor/index.h"
#include "tensor/memory_tensor.h"

#include <QtTest>

using namespace quantscope;

class TestChannels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Against indices: the channel is the index along the axis, and a run ends where it changes.
    void everyElementOfEveryAxis()
    {
        const Shape shape{2, 3, 4, 1};
        for (std::size_t axis = 0; axis < shape.size(); ++axis) {
            const Channels channels(shape, axis);
            QCOMPARE(channels.count(), static_cast<std::uint64_t>(shape[axis]));
            for (std::uint64_t flat = 0; flat < 24; ++flat) {
                const auto index = unflatten(flat, shape);
                QCOMPARE(flatIndex(index, shape), flat);
                QCOMPARE(channels.channel(flat), static_cast<std::uint64_t>(index[axis]));
                std::uint64_t run = 1; // to the end of this step along the axis
                while (flat + run < 24 && (flat + run) % channels.inner() != 0)
                    ++run;
                QCOMPARE(channels.run(flat), run);
            }
        }
        QCOMPARE(Channels(shape, 1).inner(), std::uint64_t(4));
        QCOMPARE(Channels(shape, 1).outer(13), std::uint64_t(1));
    }

    void oneChannel_data()
    {
        QTest::addColumn<QList<qint64>>("shape");
        QTest::addColumn<int>("axis");
        QTest::addColumn<quint64>("run");
        QTest::newRow("no axis") << QList<qint64>{2, 3} << -1 << quint64(6);
        QTest::newRow("an axis past the last") << QList<qint64>{2, 3} << 2 << quint64(6);
        QTest::newRow("a scalar") << QList<qint64>{} << 0 << quint64(1);
        QTest::newRow("nothing") << QList<qint64>{0, 3} << -1 << quint64(1);
    }
    void oneChannel()
    {
        QFETCH(QList<qint64>, shape);
        QFETCH(int, axis);
        QFETCH(quint64, run);
        const Shape sizes(shape.begin(), shape.end());
        const Channels channels(sizes, axis < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(axis)));
        QCOMPARE(channels.count(), std::uint64_t(1));
        QCOMPARE(channels.channel(5), std::uint64_t(0));
        QCOMPARE(channels.run(0), std::uint64_t(run));
    }

    void tensorsInMemory()
    {
        const auto floats = floatTensor("w", {2, 2}, std::vector{1.0f, -0.5f, 0.25f, 3.0f});
        QVERIFY(floats->readable() && floats->isContiguous());
        QCOMPARE(floats->name, "w");
        QCOMPARE(readFloats(*floats), (std::vector<float>{1.0f, -0.5f, 0.25f, 3.0f}));
        const std::vector<std::int16_t> codes{-300, 300};
        QCOMPARE(readIntegers(*memoryTensor("c", DType::Int16, {2}, std::span(codes))),
            (std::vector<std::int64_t>{-300, 300}));
        QVERIFY(readFloats(*floatTensor({}, {0}, {})).empty());
    }
};

QTEST_APPLESS_MAIN(TestChannels)
#include "tst_channels.moc"
