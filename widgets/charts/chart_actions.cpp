#include "charts/chart_actions.h"

#include "look/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QImage>
#include <QMessageBox>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QWidget>

using namespace Qt::StringLiterals;

namespace quantscope {

ChartActions::ChartActions(QWidget *chart, const QString &name, Paint paint)
    : QObject(chart)
    , m_chart(chart)
    , m_name(name)
    , m_paint(std::move(paint))
{
    const auto add = [this](const QString &text, const QKeySequence &keys, auto slot) {
        auto *action = new QAction(text, m_chart);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        m_chart->addAction(action);
        connect(action, &QAction::triggered, this, slot);
    };
    add(tr("Copy chart as image"), QKeySequence::Copy, [this] { QApplication::clipboard()->setImage(image()); });
    add(tr("Save chart as PNG…"), QKeySequence(u"Ctrl+Shift+P"_s), [this] { save(u"png"_s); });
    add(tr("Save chart as SVG…"), QKeySequence(u"Ctrl+Shift+G"_s), [this] { save(u"svg"_s); });
    m_chart->setContextMenuPolicy(Qt::ActionsContextMenu);
}

static constexpr int kMargin = 10;

static int titleHeight() { return QFontMetrics(Theme::sans(1.1, true)).height() + 4; }
static int lineHeight() { return QFontMetrics(Theme::sans(0.92)).height() + 4; }

QSize ChartActions::pictureSize() const
{
    const int lines = (m_caption.detail.isEmpty() ? 0 : 1) + (m_caption.legend ? 1 : 0);
    const int above = m_caption.title.isEmpty() ? 0 : kMargin + titleHeight() + lines * lineHeight();
    return m_chart->size().grownBy({0, above, 0, 0});
}

void ChartActions::paintPicture(QPainter &painter) const
{
    const QSize size = pictureSize();
    QRectF line(kMargin, kMargin, size.width() - 2 * kMargin, titleHeight());
    const auto write = [&](const QString &text, const QFont &font, const QColor &colour) {
        painter.setFont(font);
        painter.setPen(colour);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
            QFontMetricsF(font).elidedText(text, Qt::ElideMiddle, line.width()));
        line = QRectF(line.left(), line.bottom(), line.width(), lineHeight());
    };
    if (!m_caption.title.isEmpty()) {
        write(m_caption.title, Theme::sans(1.1, true), colours().text);
        if (!m_caption.detail.isEmpty())
            write(m_caption.detail, Theme::sans(0.92), colours().dim);
        if (m_caption.legend)
            m_caption.legend(painter, line);
    }
    painter.translate(0, size.height() - m_chart->height());
    m_paint(painter, m_chart->size());
}

QImage ChartActions::image() const
{
    const qreal ratio = 2; // a picture in a document should survive zooming
    QImage image(pictureSize() * ratio, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(ratio);
    image.fill(colours().panel);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    paintPicture(painter);
    return image;
}

QString ChartActions::savePng(const QString &path) const
{
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly) && image().save(&file, "PNG") && file.commit())
        return {};
    return path + u": "_s + file.errorString();
}

QString ChartActions::saveSvg(const QString &path) const
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return path + u": "_s + file.errorString();
    QSvgGenerator generator;
    generator.setOutputDevice(&file);
    const QRect whole(QPoint(0, 0), pictureSize());
    generator.setSize(whole.size());
    generator.setViewBox(whole);
    generator.setTitle(m_caption.title.isEmpty() ? m_name : m_caption.title);
    generator.setDescription(u"QuantScope"_s);
    {
        QPainter painter(&generator);
        painter.fillRect(whole, colours().panel);
        paintPicture(painter);
    }
    return file.commit() ? QString() : path + u": "_s + file.errorString();
}

void ChartActions::save(const QString &suffix)
{
    const QString name = (m_caption.name.isEmpty() ? m_name : m_caption.name) + u"."_s + suffix;
    QString path = QFileDialog::getSaveFileName(m_chart, tr("Save the chart"), QDir(m_caption.folder).filePath(name),
        suffix.toUpper() + u" (*."_s + suffix + u")"_s);
    if (path.isEmpty())
        return;
    if (QFileInfo(path).suffix().isEmpty())
        path += u"."_s + suffix;
    const QString error = suffix == u"png" ? savePng(path) : saveSvg(path);
    if (!error.isEmpty())
        QMessageBox::warning(m_chart, tr("The chart was not saved"), error);
}

} // namespace quantscope
