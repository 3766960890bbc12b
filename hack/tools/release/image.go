package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func runImage(flags *flag.FlagSet, args []string) error {
	values := map[string]string{}
	dockerfile := flags.String("dockerfile", "", "the file that has the configuration of the image")
	flags.Func("arg", "NAME=VALUE of an argument of the Dockerfile", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want NAME=VALUE")
		}
		values[name] = value
		return nil
	})
	created, out := timeFlag(flags), flags.String("o", "", "folder of the OCI layout")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := requireFlags(flags); err != nil {
		return err
	}
	config, err := readDockerfile(*dockerfile, values)
	if err != nil {
		return err
	}
	index, err := buildIndex(config, *created, flags.Args())
	if err != nil {
		return err
	}
	// index.json of the layout is the index itself: `crane push --index` keeps its digest.
	if _, err := layout.Write(*out, index); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Println(digest)
	return nil
}

// buildIndex returns the index of an image that has one manifest for each PLATFORM=ROOT.
func buildIndex(config v1.Config, created time.Time, roots []string) (v1.ImageIndex, error) {
	if len(roots) == 0 {
		return nil, errors.New("there is no PLATFORM=ROOT")
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, pair := range roots {
		name, root, _ := strings.Cut(pair, "=")
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return nil, err
		}
		image, err := buildImage(config, created, *platform, root)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pair, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return index, nil
}

// buildImage returns an image of one layer, the files below root.
func buildImage(config v1.Config, created time.Time, platform v1.Platform, root string) (v1.Image, error) {
	packed, err := packFolder(root, created)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{
		Created: v1.Time{Time: created}, CreatedBy: "hack/rootfs.sh",
	}})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, func() *v1.ConfigFile {
		file, _ := image.ConfigFile()
		file = file.DeepCopy()
		file.Architecture, file.OS, file.Variant = platform.Architecture, platform.OS, platform.Variant
		file.Created, file.Config = v1.Time{Time: created}, config
		return file
	}())
}

// uploadsFolder belongs to the user of the image, for a container without a volume. Everything else belongs to root.
const uploadsFolder, imageUser = "var/lib/tmd/uploads/", 65532

// packFolder returns the files below root as a tar archive that depends on their names, modes and contents alone.
func packFolder(root string, created time.Time) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	// WalkDir visits in the order of names.
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		header, err := tar.FileInfoHeader(info, "")
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			name += "/"
		}
		header.Name, header.ModTime, header.Format = name, created, tar.FormatPAX
		header.AccessTime, header.ChangeTime = time.Time{}, time.Time{}
		header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
		if name == uploadsFolder {
			header.Uid, header.Gid, header.Mode = imageUser, imageUser, 0o755
		}
		if err := archive.WriteHeader(header); err != nil || info.IsDir() {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is neither a file nor a folder", path)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = archive.Write(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out.Bytes(), archive.Close()
}
