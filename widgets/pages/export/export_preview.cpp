#include "pages/export/export_preview.h"

#include "items/text.h"
#include "pages/parts/code_view.h"

#include <QBoxLayout>
#include <QComboBox>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kPreviewLines = 200;

ExportPreview::ExportPreview(QWidget *parent)
    : Card(parent, 12)
    , m_names(new QComboBox)
    , m_code(new CodeView(tr("Preview of the file")))
{
    auto *header = new QHBoxLayout;
    header->addWidget(titleLabel(tr("Preview")));
    m_names->setMinimumWidth(140);
    m_names->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_names->setObjectName(u"export-files"_s);
    setAccessible(m_names, tr("File to preview"));
    connect(m_names, &QComboBox::currentIndexChanged, this, &ExportPreview::showFile);
    header->addWidget(m_names);
    auto *note = new ElidedLabel(Qt::ElideRight);
    note->setForegroundRole(QPalette::PlaceholderText);
    note->setFullText(tr("the first lines, as they will be written"));
    header->addWidget(note, 1);
    box()->addLayout(header);
    box()->addWidget(m_code, 1);
}

void ExportPreview::setRequest(std::shared_ptr<const Network> network, const ExportRequest &request)
{
    if (request.layers.empty() || request.formats.empty()) {
        m_reading.cancel();
        return showFiles({});
    }
    m_reading.start([network = std::move(network), request](
                        const Progress &) { return previewExport(*network, request, kPreviewLines); },
        [this](Result<Files> files) {
            if (files)
                return showFiles(*files);
            showFiles({});
            m_code->setText(qs(files.error().message), CodeView::Language::Cpp);
        });
}

void ExportPreview::showFiles(const Files &files)
{
    const QString current = m_names->currentText();
    m_files = files;
    m_names->blockSignals(true);
    m_names->clear();
    for (const auto &[name, text] : files)
        m_names->addItem(qs(name));
    m_names->setCurrentIndex(std::max(0, m_names->findText(current)));
    m_names->blockSignals(false);
    m_names->setEnabled(!files.empty());
    showFile(m_names->currentIndex());
}

void ExportPreview::showFile(int at)
{
    if (at < 0 || static_cast<std::size_t>(at) >= m_files.size())
        return m_code->setText({}, CodeView::Language::Cpp);
    const auto &[name, text] = m_files[static_cast<std::size_t>(at)];
    m_code->setText(qs(text),
        name.ends_with(".json")       ? CodeView::Language::Json
            : name.ends_with(".toml") ? CodeView::Language::Toml
                                      : CodeView::Language::Cpp);
}

} // namespace quantscope
